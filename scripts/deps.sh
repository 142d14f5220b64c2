#!/usr/bin/env bash
# Looks for what Soglia needs on this machine and installs what is missing.
#
#   scripts/deps.sh build    what building and running need
#   scripts/deps.sh test     that, and what tests need besides (the default)
#
# Run it as often as you like: what is there is left alone. Nothing outside the distribution's own
# packages is ever installed; for Rust it says what to do.
set -euo pipefail

readonly RUST_MINIMUM=1.95

what=${1:-test}
case $what in
build | test) ;;
*)
    echo "error: expected \`build\` or \`test\`, found \`$what\`" >&2
    exit 2
    ;;
esac

export PATH="$PATH:${HOME:-/root}/.cargo/bin"

has() { command -v "$1" >/dev/null 2>&1; }

# `make fuzz` wants two things more, which nothing else needs and which this script therefore
# leaves to you: rustup toolchain install nightly --profile minimal && cargo install cargo-fuzz

# Packages to install: those without which nothing works, and those that can be done without.
needed=()
wanted=()

# zstd, xz and the cryptography under rustls are C: they are built from the sources in their
# crates. They want neither cmake nor protoc, and use pkg-config only if it is there.
has cc || needed+=(build-essential)
[ -e /etc/ssl/certs/ca-certificates.crt ] || needed+=(ca-certificates)
# The documents' typeface and the pages' styles and scripts come out of npm packages.
has node || wanted+=(nodejs)
has npm || wanted+=(npm)
if [ "$what" = test ]; then
    has pdftotext || wanted+=(poppler-utils) # looks into the PDFs that tests write
    has python3 || wanted+=(python3)         # counts the same things another way
    # feeds the API with random requests, in an environment of its own
    python3 -c 'import venv, ensurepip' >/dev/null 2>&1 || wanted+=(python3-venv)
    has openssl || wanted+=(openssl)         # talks TLS to the pages
    has chromium || has google-chrome || wanted+=(chromium) # looks at the pages
    # The registers' tests start a server of their own; the program itself brings SQLite along.
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || wanted+=(postgresql)
fi

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@" # nobody is there to type a password
    fi
}

can_install() {
    has apt-get && { [ "$(id -u)" -eq 0 ] || has sudo; }
}

install() {
    echo "Installing: $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@"
}

if [ $((${#needed[@]} + ${#wanted[@]})) -gt 0 ] && can_install; then
    as_root apt-get update || echo 'warning: failed to refresh the list of packages' >&2
    if [ ${#needed[@]} -gt 0 ] && install "${needed[@]}"; then
        needed=()
    fi
    failed=()
    for package in ${wanted[@]+"${wanted[@]}"}; do
        install "$package" || failed+=("$package")
    done
    wanted=(${failed[@]+"${failed[@]}"})
fi

if [ ${#wanted[@]} -gt 0 ]; then
    echo "warning: not found, and not installed: ${wanted[*]}" >&2
    echo '  without nodejs and npm, documents use the typesetter'\''s own typeface and pages look' >&2
    echo '  plain; without poppler-utils, python3 (with venv), openssl, chromium or postgresql, the tests that' >&2
    echo '  use them are skipped' >&2
fi
if [ ${#needed[@]} -gt 0 ]; then
    echo "error: missing: ${needed[*]}" >&2
    echo 'hint: install them with this machine'\''s package manager (a C compiler and linker, and' >&2
    echo '      the certificates of public authorities), then run this again' >&2
    exit 1
fi

how_to_get_rust() {
    echo "hint: install Rust $RUST_MINIMUM or newer from https://rustup.rs, or with rustup there:" >&2
    echo '      rustup update stable && rustup component add rustfmt clippy' >&2
    exit 1
}

if ! has cargo; then
    echo 'error: cargo, the builder of Rust programs, is not there' >&2
    how_to_get_rust
fi
found=$(cargo --version | awk '{ print $2 }')
if [ "$(printf '%s\n' "$RUST_MINIMUM" "${found%%-*}" | sort -V | head -n 1)" != "$RUST_MINIMUM" ]; then
    echo "error: cargo $found is too old, $RUST_MINIMUM is the least" >&2
    how_to_get_rust
fi
if [ "$what" = test ]; then
    for tool in fmt clippy; do
        if ! cargo "$tool" --version >/dev/null 2>&1; then
            echo "error: \`cargo $tool\` is not there" >&2
            how_to_get_rust
        fi
    done
fi
echo "Everything needed is there (cargo $found)"
