#
# What the scripts in tools/ share; read with ". tools/lib.sh" from the top
# of the project.
#

DEBIAN_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# a file in a source tree that has no patches of Debian's
WITHOUT_PATCHES=WITHOUT-DEBIAN-PATCHES


die () {
    echo "$*" >&2
    exit 1
}


# What must not be missed in a long log

warn () {
    echo "WARNING: $*" >&2
}


# need COMMAND PACKAGE ...: every command must be there

need () {
    while [ $# -gt 0 ]; do
        if ! command -v "$1" >/dev/null 2>&1; then
            die "$0: $1 is missing: install $2"
        fi

        shift 2
    done
}


# The mirror of Debian itself that apt is configured with, not the one of
# the security updates, which does not carry whole releases.

debian_mirror () {
    mirror=$(apt-get indextargets --format '$(REPO_URI)' \
                 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' \
             | head -n 1)

    if [ -z "$mirror" ]; then
        die "$0: apt knows no Debian mirror: run \`apt-get update\`"
    fi

    echo "$mirror"
}


# apt with lists of its own below $tmp, so that those of this machine are not
# touched: private_apt_init deb|deb-src RELEASE, then private_apt COMMAND ...

private_apt_init () {
    mkdir -p "$tmp/lists/partial" "$tmp/cache/archives/partial" "$tmp/src"

    echo "$1 [signed-by=$DEBIAN_KEYRING] $(debian_mirror) $2 main" \
        > "$tmp/sources.list"
}


private_apt () {
    cmd=$1
    shift

    "$cmd" -q \
        -o Dir::Etc::sourcelist="$tmp/sources.list" \
        -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State::lists="$tmp/lists" \
        -o Dir::Cache="$tmp/cache" \
        -o APT::Sandbox::User="$(id -un)" \
        "$@"
}


# The version of an nginx source tree

nginx_version () {
    sed -n 's/^#define NGINX_VERSION *"\(.*\)"/\1/p' \
        "$1/src/core/nginx.h"
}
