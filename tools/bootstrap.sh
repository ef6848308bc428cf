#!/usr/bin/env bash
# Sets up a bare Debian 12 for building or testing Kolosal: Debian packages, then a Python environment in .venv.
#
#   tools/bootstrap.sh build    what `make build` needs: compiler, libraries, Arrow (inside the pyarrow wheel)
#   tools/bootstrap.sh test     that, and what tests, checks, coverage and fuzzing need
#
# Needs root or sudo only where a Debian package is missing. Asks nothing, may be run any number of times; a run that
# finds everything in place takes well under a second.
set -euo pipefail

build_packages=(
  ca-certificates build-essential cmake ninja-build ccache mold git
  python3 python3-dev python3-venv
  libeigen3-dev libtbb-dev libhwy-dev libmimalloc-dev libboost1.81-dev libboost-json1.81-dev
  libyaml-cpp-dev libtomlplusplus-dev libcli11-dev libspdlog-dev libfmt-dev libsqlite3-dev libpq-dev
  libgtest-dev libbenchmark-dev librapidcheck-dev
)
test_packages=(clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev llvm-14 gcovr chromium fonts-dejavu-core postgresql)

fail() {
  printf 'bootstrap: %s\n' "$@" >&2
  exit 1
}

# retry COMMAND...: three attempts, for mirrors that hiccup.
retry() {
  local attempt
  for attempt in 1 2 3; do
    "$@" && return 0
    printf 'bootstrap: attempt %d of 3 failed: %s\n' "$attempt" "$*" >&2
    sleep $((attempt * 5))
  done
  return 1
}

# missing_packages NAME...: those that dpkg does not know as installed.
missing_packages() {
  local name
  for name in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || printf '%s\n' "$name"
  done
}

install_packages() {
  local missing as_root=(env)
  command -v dpkg-query >/dev/null || fail "this is not Debian: install the equivalents of these yourself: $*"
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0
  if ((EUID != 0)); then
    as_root=(sudo -n env)
    sudo -n true 2>/dev/null ||
      fail "Debian packages are missing, and this is neither root nor has sudo without a password. As root, run:" \
        "  apt-get install --no-install-recommends ${missing[*]}"
  fi
  echo "bootstrap: installing ${#missing[@]} Debian packages: ${missing[*]}"
  local apt=("${as_root[@]}" DEBIAN_FRONTEND=noninteractive
    apt-get -qq -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300)
  retry "${apt[@]}" update || fail "apt-get update failed: see above"
  retry "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null || fail "apt-get install failed: see above"
}

# install_requirements LEVEL FILE: into .venv, again only when the file's content changes.
install_requirements() {
  local level=$1 file=$2 content
  if ! .venv/bin/python -c '' 2>/dev/null; then
    rm -rf .venv
    /usr/bin/python3 -m venv .venv || fail "python3 -m venv .venv failed: see above"
  fi
  content=$(sha256sum <"$file")
  [[ $(cat ".venv/.$level-requirements" 2>/dev/null) == "$content" ]] && return 0
  echo "bootstrap: installing Python packages: $file"
  retry .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: -r "$file" ||
    fail "pip install failed: see above"
  echo "$content" >".venv/.$level-requirements"
}

cd "$(dirname "$(readlink -f "$0")")/.."
case "${1:-}" in
  build)
    install_packages "${build_packages[@]}"
    install_requirements build requirements/build.txt
    ;;
  test)
    install_packages "${build_packages[@]}" "${test_packages[@]}"
    install_requirements build requirements/build.txt
    install_requirements test requirements/test.txt
    ;;
  *) fail "usage: tools/bootstrap.sh build|test" ;;
esac
