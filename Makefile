.venv: ;
