#!/usr/bin/env bash
# Runs every built fuzz target (build/fuzz/fuzz/*_fuzz) for a number of seconds, starting from its corpus in fuzz/corpora/TARGET.
# What it finds on the way is kept in build/fuzz/corpora; an input that breaks the target is left in build/fuzz/findings.
set -euo pipefail
seconds=${1:?usage: tools/fuzz.sh SECONDS}
cd "$(dirname "$(readlink -f "$0")")/.."
shopt -s nullglob
targets=(build/fuzz/fuzz/*_fuzz)
((${#targets[@]})) || { echo "fuzz: no target was built" >&2; exit 1; }
mkdir -p build/fuzz/findings
failed=()
for target in "${targets[@]}"; do
  name=$(basename "$target")
  seeds=fuzz/corpora/$name
  mkdir -p "build/fuzz/corpora/$name"
  echo "fuzz: $name for $seconds s"
  "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="build/fuzz/findings/$name-" "build/fuzz/corpora/$name" ${seeds:+$([[ -d $seeds ]] && echo "$seeds")} || failed+=("$name")
done
((${#failed[@]} == 0)) || { echo "fuzz: broken: ${failed[*]}; inputs are in build/fuzz/findings" >&2; exit 1; }
echo "fuzz: ${#targets[@]} targets ran $seconds s each without a finding"
