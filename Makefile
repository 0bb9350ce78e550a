# The README names two of these: `make run` and `make test`. Every target sets the machine up first, once.
.DELETE_ON_ERROR:
.PHONY: run test test-code test-lessons test-all course lab site bench lessons results attacks puzzles measures calibration clips keyed instahide neuracrypt privacy defences judged scoreboard student teacher \
  assignments challenges clean
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
EXTRAS ?= test,dev,class,privacy,site
INSTALL := --config-settings editable_mode=compat -c constraints.txt -e '.[$(EXTRAS)]'
# A quiet kernel; and threads that wait asleep, or two programs on two cores slow each other down twentyfold.
export IPYTHONDIR := $(CURDIR)/.ipython
export OMP_WAIT_POLICY := passive
export PYTHONUTF8 := 1

run: $(STAMP)
	$(BIN)/python -m lib.workbook tour

# Code and lessons beside each other, on two cores.
test: $(STAMP)
	$(MAKE) --jobs=2 test-code test-lessons

# One thread each: a BLAS with two, beside another busy program, waits for its turn most of the time.
test-code test-lessons course: export OMP_NUM_THREADS := 1

test-code: $(STAMP)
	$(BIN)/python -m pytest lib tests README.md

test-lessons: $(STAMP)
	$(BIN)/python -m pytest notebooks

# Every lesson with the parameters it has, one a core: minutes, and whether what it says holds.
course: $(STAMP)
	$(BIN)/python -m lib.workbook course

lab: $(STAMP)
	$(BIN)/jupyter lab notebooks $(if $(filter 0,$(shell id -u)),--allow-root)

# The lessons as stored and the reference of lib, as pages in build/site that ask nothing of a network.
site: $(STAMP)
	$(BIN)/python -m lib.workbook.site

bench: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m lib.workbook.benchmarks

# Full training runs, hours for all, and learned attacks; DATA=npz:cifar10.npz where CIFAR-10 is at hand. SEEDS, and ROWS of
# trainings or LEARNED of attacks, for some of them.
DATA ?= cifar10
SEEDS ?= 0
results: $(STAMP)
	$(if $(or $(ROWS),$(if $(LEARNED),,all)),$(BIN)/python -m lib.workbook.run_missing trainings $(ROWS) --data $(DATA) --seeds $(SEEDS))
	$(if $(or $(LEARNED),$(if $(ROWS),,all)),OMP_NUM_THREADS=1 $(BIN)/python -m lib.workbook.run_missing attacks $(LEARNED) --data $(DATA) --seeds $(SEEDS))

# Every attack on every scheme, beside a control, on embedded pictures; DATA for other small ones.
attacks: DATA = photos
attacks: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m lib.workbook.attack_matrix --data $(DATA)

# The jigsaw by pieces, blocks, JPEG and steps; FOLDER for photographs beside the embedded ones.
puzzles: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m lib.workbook.recorded_jigsaws $(if $(FOLDER),--folder $(FOLDER))

# Which measure of leakage orders pairs of pictures as people do: why it is `metrics.leak`.
measures: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m lib.workbook.recorded_measures

# Whether attacks are as often right as they say, on pictures that nothing was tuned on: FOLDER of photographs, DATA of small ones.
calibration: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m lib.workbook.recorded_calibration --folder $(or $(FOLDER),$(error FOLDER=pictures, PNG photographs)) --data $(DATA)

# How many frames of a clip under one key are worth one picture.
clips: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m lib.workbook.recorded_clips

# Keyed models, InstaHide, NeuraCrypt, the price of privacy and keyed defences, on CIFAR-10: lessons 30, 32, 33, 34 and 31.
keyed instahide neuracrypt privacy defences: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m lib.workbook.recorded_$@ --data $(DATA)

# What the judge says of the ciphers here, where it is not recorded; NAMES for some, anew.
judged: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m lib.workbook.recorded_verdicts $(NAMES)
	rm -f data/leaderboard.json
	$(BIN)/python -m lib.workbook.leaderboard data/leaderboard.json --recorded

# Accuracy against leakage, from what `make results` and `make judged` have recorded.
scoreboard: $(STAMP)
	$(BIN)/python -m lib.workbook.scoreboard
	$(BIN)/python -m lib.workbook.applications

# For teachers. LESSONS for some, as LESSONS="02 04"; all of them otherwise.
student teacher assignments: $(STAMP)
	$(BIN)/python -m lib.workbook.classroom $@ $(LESSONS)

# Lesson 42's challenges from a secret of yours, whether they can be solved, with the flags; and the lesson with their pictures.
challenges: $(STAMP)
	$(BIN)/python -m lib.workbook.challenges --secret $(or $(SECRET),$(error SECRET=KEY.json, a key file: python -m lib key new KEY.json))
	OMP_NUM_THREADS=1 $(BIN)/python -m lib.workbook.classroom.challenge_solutions
	$(BIN)/python -m lib.workbook store 42

# Also what takes longer than five minutes: thirty submissions graded, every notebook of the student edition run.
test-all: test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests -m long

lessons: $(STAMP)
	$(BIN)/python -m lib.workbook store

clean:
	rm -rf $(VENV) build .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +

# The stamp, not the folder, is the target: a venv that was left half-made has no stamp and is made again.
# uv is six times as fast as pip, but must be told to byte-compile, or every kernel starts 2 to 3 times slower.
$(STAMP): pyproject.toml constraints.txt
	@echo "setting up $(VENV): about two minutes, once"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "First, on Debian: apt-get install -y make python3-venv"; exit 1; }
	@$(BIN)/python -m pip install -q -c constraints.txt uv || echo "uv cannot be had; pip takes its place"
	@$(BIN)/uv pip install -q --system-certs --compile-bytecode -p $(BIN)/python $(INSTALL) \
	  || $(BIN)/python -m pip install -q $(INSTALL)
	@touch $@
