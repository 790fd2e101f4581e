#
# How nginx's configure and its makefile are driven; read by Makefile.
#
# configure writes a Makefile where it is started, so it is not started in
# the source tree but in $(TREE), a directory of links to what is there.
# It is run again when the config script or any flag changes; what follows
# from a change of a source is left to nginx's own makefile.
#

$(TREE)/flags: FORCE
	@mkdir -p $(@D)
	@new=$@.$$$$ \
	    && printf '%s\n' '$(FROM)' '$(subst ','\'',$(CONFIGURE))' > $$new \
	    && { cmp -s $$new $@ && rm $$new || mv $$new $@; }

$(TREE)/objs/Makefile: $(TREE)/flags config $(wildcard $(SRC)/front/*.proto \
                           xdp/*.[ch] $(SRC)/store/ngx_dns_xdp_table.h) \
                       $(wildcard $(FROM)/src/core/nginx.h) | sources
	@cd $(TREE) && find . -maxdepth 1 -type l -exec rm {} + \
	    && rm -rf objs Makefile
	@for file in $(FROM)/*; do \
	    case $${file##*/} in \
	        objs|Makefile|debian) ;; \
	        *) ln -s $$file $(TREE)/ ;; \
	    esac; \
	done
	@echo "configuring $(NAME)"
	@cd $(TREE) && configure=./configure \
	    && { test -f $$configure || configure=auto/configure; } \
	    && $$configure $(CONFIGURE) > configure.log 2>&1 \
	    || { tail -n 5 configure.log; rm -f objs/Makefile; exit 1; }

# NGX_SRC and nginx-dev: is there what configure needs

.PHONY: sources
sources:
ifeq ($(NGX_SRC),)
	@test -f $(NGX_DEV)/conf_flags \
	    || { echo "nginx-dev is missing: run \`make deps\`" >&2; exit 1; }
else
	@test -f $(NGX_SRC)/src/core/nginx.c \
	    || { echo "NGX_SRC=$(NGX_SRC) is no nginx source tree" >&2; exit 1; }
endif
	@command -v $(CC) >/dev/null \
	    || { echo "$(CC) is missing: run \`make deps\`" >&2; exit 1; }

.PHONY: FORCE
FORCE:

# nginx's makefile decides what is out of date; the copies in build/ are
# touched only when they would change.  Our variables (LINK, CC) mean other
# things to it, so they must not reach it.

.PHONY: nginx-build
nginx-build: $(TREE)/objs/Makefile
	@cd $(TREE) && unset MAKEFLAGS MAKEOVERRIDES MFLAGS MAKELEVEL \
	    && $(MAKE) -j$(JOBS) -f objs/Makefile $(TARGETS) > make.log

$(PRODUCT): nginx-build
	@cmp -s $(TREE)/objs/$(@F) $@ \
	    || { cp $(TREE)/objs/$(@F) $@.$$$$ && mv $@.$$$$ $@; }
