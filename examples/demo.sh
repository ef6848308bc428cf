#!/usr/bin/env bash
# The main job on a real table: train on four fifths of the Palmer penguins, score the model on the rest, predict new rows.
# Called by `make demo`; everything it writes goes to build/demo.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
out=build/demo
rm -rf "$out"
mkdir -p "$out"
run() {
  printf '\n$ %s\n' "$*"
  "$@"
}

# Every fifth row is kept for the test.
awk -F, -v train="$out/train.csv" -v test="$out/test.csv" \
  'NR == 1 { print > train; print > test; next } { print > (NR % 5 ? train : test) }' tests/data/penguins.csv
# Rows to predict: the test rows without their species.
cut -d, -f2- "$out/test.csv" >"$out/new.csv"

kolosal=.venv/bin/kolosal
run $kolosal train "$out/train.csv" --target species --time-limit 20s --seed 1 -o "$out/penguins.kolosal"
run $kolosal info "$out/penguins.kolosal"
run $kolosal evaluate "$out/penguins.kolosal" "$out/test.csv"
run $kolosal predict "$out/penguins.kolosal" "$out/new.csv" -o "$out/predictions.csv"
run head -n 4 "$out/predictions.csv"
rows=$(($(wc -l <"$out/predictions.csv") - 1))
[[ $rows -eq $(($(wc -l <"$out/new.csv") - 1)) ]] || { echo "demo: $rows predictions for another number of rows" >&2; exit 1; }
printf '\n$ .venv/bin/python examples/quickstart.py\n'
.venv/bin/python examples/quickstart.py "$out/penguins.kolosal" "$out/new.csv"
printf '\nThe model, its report and the predictions are in %s.\n' "$out"
