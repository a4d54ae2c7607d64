from queue import SimpleQueue

from bot.generating.engine_thread import FIRST_SHOWN, EngineThread, Job
from bot.generating.turns import Turn, Watch
from model.config import SamplingConfig
from model.sampling import Rng
from tests.bot.fakes import FakeGenerator, expected_text


def test_many_turns_that_go_on_wake_whoever_has_not_asked_for_news_once() -> None:
    told: SimpleQueue[EngineThread] = SimpleQueue()
    died: SimpleQueue[Exception] = SimpleQueue()
    sixty_characters_each = FakeGenerator(pace=0.001, dies_after=180)
    engine = EngineThread(lambda: sixty_characters_each, told.put, lambda _, error: died.put(error))
    jobs = [
        Job(Turn("a", 4_000, SamplingConfig(), Rng(number)), Watch(), lambda job, news: None) for number in range(3)
    ]
    for job in jobs:
        engine.submit(job)
    died.get(timeout=30)
    assert told.get_nowait() is engine
    assert told.empty()
    news = dict(engine.news())
    assert list(news) == jobs
    for number, text in enumerate(news.values()):
        assert isinstance(text, str)
        assert len(text) >= FIRST_SHOWN
        assert expected_text("a", 4_000, SamplingConfig(), number).startswith(text)
    assert not dict(engine.news())
    engine.join(5)
