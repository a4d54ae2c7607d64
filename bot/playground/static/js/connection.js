// The socket to the playground; opens again by itself.

const SLOWEST = 8000; // milliseconds between two tries

export function connect({ onEvent, onState }) {
  let socket = null;
  let pause = 400;
  let timer = 0;

  function open() {
    clearTimeout(timer);
    socket = new WebSocket(`ws://${location.host}/socket`);
    socket.onopen = () => {
      pause = 400;
      send({ type: "hello", language: navigator.language.split("-")[0] });
      onState(true);
    };
    socket.onmessage = ({ data }) => onEvent(JSON.parse(data));
    socket.onclose = () => {
      onState(false);
      timer = setTimeout(open, pause);
      pause = Math.min(pause * 1.7, SLOWEST);
    };
  }

  /** Send; false if there is no connection, and then nothing was sent. */
  function send(message) {
    if (socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(message));
    return true;
  }

  // Back in view or back on the network, there is no reason to wait for the timer.
  const hurry = () => socket?.readyState === WebSocket.CLOSED && open();
  window.addEventListener("online", hurry);
  document.addEventListener("visibilitychange", () => document.hidden || hurry());
  open();
  return { send };
}
