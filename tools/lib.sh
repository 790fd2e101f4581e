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


# The version of an nginx source tree

nginx_version () {
    sed -n 's/^#define NGINX_VERSION *"\(.*\)"/\1/p' \
        "$1/src/core/nginx.h"
}
