#
# make               the module, for the nginx that is installed here
# make help          what else there is
#
# Everything is written to build/.
#

MAKEFLAGS    += --no-print-directory

# with CFLAGS in its environment, nginx's configure drops its own warnings
unexport CFLAGS

# release | debug | sanitize (the last one needs NGX_SRC)
BUILD        ?= release

# gcc | clang
ifeq ($(origin CC),default)
CC            = gcc
endif

# a full nginx source tree; empty: the headers of nginx-dev
NGX_SRC      ?=

# dynamic | static: how the module goes into the nginx built from NGX_SRC
LINK         ?= $(if $(filter sanitize,$(BUILD)),static,dynamic)

# where Debian's nginx-dev puts configure, auto/ and the headers
NGX_DEV      ?= /usr/share/nginx/src

# how many jobs a build and the tests may run at once
JOBS         ?= 2

# what `make test` gives to prove: files, directories, options
TESTS        ?= t/

# sources of query/, store/, transport/ and front/ that run without nginx's
# event loop, to be linked into the unit tests
UNIT_SRCS    ?= $(filter-out %/ngx_dns_transfer.c,$(wildcard $(SRC)/query/*.c \
                                                         $(SRC)/store/*.c)) \
                $(addprefix $(SRC)/transport/ngx_dns_,tcp_frame.c tcp_out.c \
                    tcp_socket.c tcp_stream.c transport_tap.c) \
                $(addprefix $(SRC)/front/ngx_dns_,front_out.c families.c json.c \
                                                  pages.c prometheus.c \
                                                  prometheus_page.c \
                                                  prometheus_text.c ready.c \
                                                  status.c text.c)


TOP          := $(CURDIR)
SRC          := ngx_dns_balancer_module
OUT          := $(TOP)/build

OPT_release  := -O2 -g
OPT_debug    := -O0 -g
OPT_coverage := -O0 -g --coverage -fprofile-update=atomic
# nginx itself copies zero bytes from NULL, hence no "nonnull-attribute"
OPT_sanitize := -O1 -g -fno-omit-frame-pointer \
                -fsanitize=address,undefined \
                -fno-sanitize=nonnull-attribute \
                -fno-sanitize-recover=undefined \
                -DNGX_DEBUG_PALLOC=1 -DNGX_HAVE_NONALIGNED=0

LD_sanitize  := -fsanitize=address,undefined
LD_coverage  := --coverage

CC_OPT       := $(OPT_$(BUILD)) $(EXTRA_CFLAGS)
LD_OPT       := $(LD_$(BUILD)) $(EXTRA_LDFLAGS)

ifeq ($(CC_OPT),)
$(error BUILD=$(BUILD): release, debug, sanitize or coverage)
endif

ifeq ($(filter static dynamic,$(LINK)),)
$(error LINK=$(LINK): static or dynamic)
endif


ifeq ($(NGX_SRC),)

# The module alone, for the nginx that is installed: configured with the
# flags nginx was packaged with.

ifeq ($(BUILD),sanitize)
ifneq ($(filter-out clean help deps,$(or $(MAKECMDGOALS),all)),)
$(error BUILD=sanitize builds nginx too: add NGX_SRC=DIR, a source tree)
endif
endif

NAME         := installed-$(BUILD)-$(notdir $(CC))
FROM         := $(NGX_DEV)
MODULE       := $(OUT)/ngx_dns_balancer_module.so
PRODUCT      := $(MODULE)
TARGETS      := objs/ngx_dns_balancer_module.so

NGX_FLAGS    := $(if $(wildcard $(NGX_DEV)/conf_flags),$\
                    $(shell tools/nginx-dev-flags $(NGX_DEV)/conf_flags))

CONF_FLAGS    = $(NGX_FLAGS) \
                --with-compat --with-stream=dynamic \
                --with-stream_ssl_module \
                $(if $(filter debug,$(BUILD)),--with-debug) \
                --add-dynamic-module=$(TOP)

TEST_NGINX_BINARY ?=
TEST_NGINX_MODULE ?= $(MODULE)

else

# nginx and the module, from a source tree that stays as it is.

VERSION      := $(shell sed -n \
                    's/^.define NGINX_VERSION *"\(.*\)"/\1/p' \
                    $(NGX_SRC)/src/core/nginx.h)
NAME         := nginx-$(VERSION)-$(LINK)-$(BUILD)-$(notdir $(CC))
FROM         := $(abspath $(NGX_SRC))
MODULE       := $(if $(filter dynamic,$(LINK)),$\
                    $(OUT)/$(NAME)/ngx_dns_balancer_module.so)
PRODUCT      := $(OUT)/$(NAME)/nginx $(MODULE)
TARGETS      := objs/nginx $(if $(MODULE),objs/ngx_dns_balancer_module.so)

CONF_FLAGS    = --prefix=$(OUT)/$(NAME) --error-log-path=stderr \
                --with-compat --with-threads \
                --with-http_ssl_module --with-http_v2_module \
                --with-http_realip_module \
                --with-stream --with-stream_ssl_module \
                --with-stream_realip_module \
                $(if $(filter-out release,$(BUILD)),--with-debug) \
                $(if $(MODULE),--add-dynamic-module,--add-module)=$(TOP)

TEST_NGINX_BINARY ?= $(OUT)/$(NAME)/nginx
TEST_NGINX_MODULE ?= $(MODULE)

endif

TREE         := $(OUT)/$(NAME)/tree

CONFIGURE     = $(CONF_FLAGS) --with-cc=$(CC) \
                --with-cc-opt="$(CC_OPT)" --with-ld-opt="$(LD_OPT)"


.DEFAULT_GOAL := all

.PHONY: all
all: $(PRODUCT)                 ## build the module (and nginx, if NGX_SRC)

include tools/build.mk
include tools/unit.mk
include tools/fuzz.mk


.PHONY: deps
deps:                           ## install what the build needs
	@tools/install-deps build

.PHONY: install
install:                        ## put the module in nginx's place (root)
	@test -n "$(MODULE)" || { echo "LINK=static makes no module"; exit 1; }
	@tools/install-module $(MODULE)

.PHONY: deb
deb:                            ## the Debian package, or RELEASE='s (root)
	@tools/install-deps build deb
	@tools/make-deb $(RELEASE)

.PHONY: unit
unit:                           ## the unit tests

.PHONY: test
test:                           ## install what is missing, build, run all tests
	@tools/install-deps build test
	@$(MAKE) unit
	@$(MAKE) fuzz-seeds
	@$(MAKE) prove

.PHONY: prove
prove: $(PRODUCT)               ## run t/ on what is built (TESTS=t/one.t)
	TEST_NGINX_BINARY="$(TEST_NGINX_BINARY)" \
	TEST_NGINX_MODULE="$(TEST_NGINX_MODULE)" \
	tools/run-tests $(JOBS) $(TESTS)

.PHONY: check
check: all                      ## style, sizes, layers, docs, symbols, ...
	@tools/install-deps ci
	@failed=; for check in style sizes layers docs; do \
	    tools/check-$$check || failed="$$failed $$check"; \
	done; test -z "$$failed" || { echo "failed:$$failed"; exit 1; }
	@tools/make-page -c
	@$(if $(MODULE),tools/check-symbols $(MODULE))
	@tools/check-config $(FROM)
	@$(MAKE) check-warnings

.PHONY: check-analysis
check-analysis: $(TREE)/objs/Makefile   ## static analysis, by three programs
	@tools/install-deps build analysis
	@FLAGS='-D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 $(NGX_INCS) \
	    $(patsubst %,-isystem $(TREE)/src/http%,/ /v2 /modules) \
	    -I. -I$(SRC)' tools/check-analysis

.PHONY: run
run:                            ## two name servers and nginx on port 5353
	@tools/install-deps build run
	@$(MAKE) all
	@tools/run-example

.PHONY: bench
bench:                          ## measure (see bench/)
	@tools/install-deps build test bench
	@$(MAKE) all
	@bench/run

.PHONY: bench-faults
bench-faults:                   ## what clients see of a server that fails
	@tools/install-deps build test bench
	@$(MAKE) all
	@bench/faults

.PHONY: bench-reload
bench-reload:                   ## what reloads, upgrades and kills lose
	@tools/install-deps build test bench
	@$(MAKE) all
	@bench/reload

.PHONY: bench-connections
bench-connections:              ## what connections cost, idle and bad ones
	@tools/install-deps build test bench
	@$(MAKE) all
	@bench/connections

.PHONY: bench-xdp
bench-xdp:                      ## what answers in the kernel cost (root)
	@tools/install-deps build test bench
	@$(MAKE) all
	@bench/xdp

.PHONY: bench-hitratio
bench-hitratio: $(OUT)/bench/hitratio   ## the cache, LRU and the optimum
	@$<

.PHONY: check-prometheus
check-prometheus: $(PRODUCT)    ## Debian's Prometheus scrapes it for a minute
	@tools/install-deps ci
	promtool check rules conf/prometheus-rules.yml
	TEST_NGINX_BINARY="$(TEST_NGINX_BINARY)" \
	TEST_NGINX_MODULE="$(TEST_NGINX_MODULE)" \
	prove tools/check-prometheus

.PHONY: check-page
check-page: $(PRODUCT)          ## dns_status html in Debian's Chromium
	@tools/install-deps page
	TEST_NGINX_BINARY="$(TEST_NGINX_BINARY)" \
	TEST_NGINX_MODULE="$(TEST_NGINX_MODULE)" \
	prove tools/check-page tools/check-page-xdp

.PHONY: check-clients
check-clients: $(PRODUCT)       ## systemd-resolved, stubby, Chromium (root)
	@tools/install-deps test ci
	TEST_NGINX_BINARY="$(TEST_NGINX_BINARY)" \
	TEST_NGINX_MODULE="$(TEST_NGINX_MODULE)" \
	prove -v tools/check-clients

.PHONY: check-oracle
check-oracle: $(PRODUCT)        ## the same queries to dnsdist and unbound
	@tools/install-deps build test
	TEST_NGINX_BINARY="$(TEST_NGINX_BINARY)" \
	TEST_NGINX_MODULE="$(TEST_NGINX_MODULE)" \
	prove -v tools/check-oracle

.PHONY: check-xdp
check-xdp: $(PRODUCT)           ## dns_xdp on and off, octet by octet (root)
	@tools/install-deps build test
	@$(MAKE) unit-build
	TEST_NGINX_BINARY="$(TEST_NGINX_BINARY)" \
	TEST_NGINX_MODULE="$(TEST_NGINX_MODULE)" \
	tools/check-xdp

.PHONY: check-kernel
check-kernel: $(PRODUCT)        ## dns_xdp under RELEASE='s kernel (root)
	@tools/install-deps build test kernel
	@$(MAKE) unit-build
	TEST_NGINX_BINARY="$(TEST_NGINX_BINARY)" \
	TEST_NGINX_MODULE="$(TEST_NGINX_MODULE)" \
	tools/check-kernel $(or $(RELEASE),bookworm)

.PHONY: check-accounting
check-accounting: $(PRODUCT)    ## a million queries, kills, reloads: counted
	TEST_NGINX_BINARY="$(TEST_NGINX_BINARY)" \
	TEST_NGINX_MODULE="$(TEST_NGINX_MODULE)" \
	prove tools/check-accounting

.PHONY: check-tls-restart
check-tls-restart: $(PRODUCT)   ## a million queries, TLS servers that restart
	TEST_NGINX_BINARY="$(TEST_NGINX_BINARY)" \
	TEST_NGINX_MODULE="$(TEST_NGINX_MODULE)" \
	prove -v tools/check-tls-restart

.PHONY: check-hostile
ifeq ($(BUILD),sanitize)
check-hostile: $(PRODUCT)
	TEST_NGINX_BINARY="$(TEST_NGINX_BINARY)" \
	TEST_NGINX_MODULE="$(TEST_NGINX_MODULE)" \
	prove -v tools/check-hostile
else
check-hostile:                  ## hostile clients, servers: HOSTILE_SECONDS
	@tools/install-deps build test ci
	@tools/fetch-nginx-source trixie vendor/nginx-trixie
	@$(MAKE) NGX_SRC=vendor/nginx-trixie BUILD=sanitize check-hostile
endif

.PHONY: check-readme
check-readme:                   ## do what README says on fresh Debians (root)
	@tools/install-deps build ci
	prove -v tools/check-readme

.PHONY: check-packages
check-packages:                 ## install, upgrade, remove the package (root)
	@tools/install-deps build test deb
	prove -v tools/check-packages $(if $(RELEASE),:: $(RELEASE))

.PHONY: check-install
check-install:                  ## do what docs/install.md says (root)
	@tools/install-deps build test ci
	prove -v tools/check-install

.PHONY: check-musl
check-musl:                     ## unit tests that need libc alone, with musl
	@tools/install-deps build musl
	@NGX_DEV=$(NGX_DEV) JOBS=$(JOBS) tools/check-musl $(UNIT_SOURCES)

.PHONY: check-fleet
check-fleet: $(PRODUCT)         ## three instances behind a router (root)
	@tools/install-deps build run fleet
	TEST_NGINX_BINARY="$(TEST_NGINX_BINARY)" \
	TEST_NGINX_MODULE="$(TEST_NGINX_MODULE)" \
	prove -v tools/check-fleet

# the tests are slower so; one that fails for that has run its lines

.PHONY: coverage
coverage:                       ## which lines unit tests and t/ run
	@tools/install-deps build test
	@find $(OUT)/coverage -name '*.gcda' -delete 2>/dev/null || true
	-@$(MAKE) OUT=$(OUT)/coverage BUILD=coverage all \
	    && $(MAKE) OUT=$(OUT)/coverage BUILD=coverage \
	        UNIT_SAN='-O0 --coverage -fprofile-update=atomic' unit
	-@$(MAKE) OUT=$(OUT)/coverage BUILD=coverage prove
	@tools/coverage $(OUT)/coverage

.PHONY: fuzz-config
ifeq ($(BUILD),sanitize)
fuzz-config: $(PRODUCT)
	TEST_NGINX_BINARY="$(TEST_NGINX_BINARY)" \
	TEST_NGINX_MODULE="$(TEST_NGINX_MODULE)" \
	prove -v tools/fuzz-config
else
fuzz-config:                    ## configurations by chance: CONFIGS
	@tools/install-deps build test ci
	@tools/fetch-nginx-source trixie vendor/nginx-trixie
	@$(MAKE) NGX_SRC=vendor/nginx-trixie BUILD=sanitize fuzz-config
endif

.PHONY: soak
soak: $(PRODUCT)                ## hours of load and mishaps: SOAK_SECONDS (root)
	@tools/install-deps build test
	TEST_NGINX_BINARY="$(TEST_NGINX_BINARY)" \
	TEST_NGINX_MODULE="$(TEST_NGINX_MODULE)" \
	prove -v tools/soak

.PHONY: check-nginx-1.30
check-nginx-1.30:               ## build and test under Debian forky (root)
	@tools/install-deps ci
	@tools/check-forky

.PHONY: clean
clean:                          ## remove build/
	rm -rf $(OUT)

.PHONY: help
help:                           ## this list
	@echo "make [BUILD=release|debug|sanitize] [CC=gcc|clang]"
	@echo "     [NGX_SRC=DIR [LINK=dynamic|static]] TARGET"
	@echo
	@sed -n 's/^\([a-z][a-z0-9.-]*\):.*## \(.*\)/  \1\t\2/p' \
	    Makefile | expand -t 24
