"""One file per way to run the network; `model.generator` chooses and imports only the chosen one."""
