#
# Unit tests; read by Makefile.
#
# Every unit/test_*.c is one program that prints TAP.  The other unit/*.c
# are helpers.  Both are linked with a library of those sources of the
# module that run without nginx: base/, wire/, peers/ and $(UNIT_SRCS).
# Out of the library a program gets only what it uses, so a source that
# needs more of nginx than its headers does not hurt the other programs.
#
# All of it is built with the address and undefined behaviour sanitizers,
# but unit/test_*_threads.c with the thread sanitizer, together with those
# sources that $(TSAN_SRCS) names: NGX_DNS_THREADS makes the copies of shared
# memory atomic octet by octet, so that only real faults are reported.
#

UNIT         := $(OUT)/unit
UNIT_LIB     := $(UNIT)/libunit.a

UNIT_SOURCES := $(filter-out %/ngx_dns_clock.c,$(wildcard \
                    $(addprefix $(SRC)/,base/*.c wire/*.c peers/*.c))) \
                $(UNIT_SRCS) \
                $(filter-out unit/test_%,$(wildcard unit/*.c))
UNIT_TESTS   := $(patsubst unit/%.c,$(UNIT)/%,$(wildcard unit/test_*.c))
UNIT_OBJS    := $(patsubst %.c,$(UNIT)/obj/%.o,$(UNIT_SOURCES))

UNIT_SAN     := -fsanitize=address,undefined -fno-sanitize-recover=undefined
WARNINGS     := -W -Wall -Wpointer-arith -Wno-unused-parameter -Werror
UNIT_CFLAGS  := -O1 -g -fno-omit-frame-pointer -pipe -pthread \
                $(UNIT_SAN) $(WARNINGS) -DNGX_HAVE_NONALIGNED=0 \
                -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64
NGX_INCS     := $(patsubst %,-isystem $(TREE)/%,src/core src/event \
                    src/event/modules src/event/quic src/os/unix src/stream \
                    objs)

$(UNIT)/obj/%.o: %.c $(UNIT)/flags
	@mkdir -p $(@D)
	@$(CC) $(UNIT_CFLAGS) $(NGX_INCS) -I. -I$(SRC) -MMD -MP -c -o $@ $<

# what configure makes of it is no header that the compiler tells of

$(UNIT)/obj/unit/xdp.o: $(wildcard xdp/*.[ch])

$(UNIT_LIB): $(UNIT_OBJS)
	@rm -f $@ && ar rc $@ $^

$(UNIT)/test_%: $(UNIT)/obj/unit/test_%.o $(UNIT_LIB)
	@$(CC) $(UNIT_SAN) -pthread -o $@ $< $(UNIT_LIB) -lldns -lcrypto -lm \
	    $$(sed -n 's/^.define NGX_DNS_XDP  *1$$/-lbpf/p' \
	       $(TREE)/objs/ngx_auto_config.h)

TSAN_SRCS    := $(wildcard $(SRC)/store/ngx_dns_cache*.c) \
                $(addprefix $(SRC)/base/ngx_dns_,random.c process.c) \
                unit/cache.c
TSAN_CFLAGS   = $(filter-out $(UNIT_SAN),$(UNIT_CFLAGS)) -O2 \
                -fsanitize=thread -DNGX_DNS_THREADS=1 \
                $(if $(findstring clang,$(CC)),,-Wno-tsan)

$(UNIT)/test_%_threads: unit/test_%_threads.c $(TSAN_SRCS) $(UNIT)/flags \
    $(wildcard unit/*.h $(SRC)/base/*.h $(SRC)/store/*.h)
	@$(CC) $(TSAN_CFLAGS) $(NGX_INCS) -I. -I$(SRC) -o $@ $(filter %.c,$^) -lm

# the flags and the configured nginx that the objects were made with

$(UNIT)/flags: $(TREE)/objs/Makefile FORCE
	@mkdir -p $(@D)
	@new=$@.$$$$ \
	    && echo '$(CC) $(UNIT_CFLAGS) $(NGX_INCS)' > $$new \
	    && { cmp -s $$new $@ && rm $$new || mv $$new $@; }

-include $(UNIT_OBJS:.o=.d) $(patsubst unit/%.c,$(UNIT)/obj/unit/%.d,\
             $(wildcard unit/test_*.c))

# not ".SECONDARY:", for which a new source need not be built if the library is
# newer

.PRECIOUS: $(UNIT)/obj/%.o

# first, so that others end beside them

UNIT_LONG    := $(addprefix $(UNIT)/test_,codec cache)

.PHONY: unit-build
unit-build:
	@$(MAKE) -j$(JOBS) $(UNIT_TESTS)

.PHONY: unit
unit: $(TREE)/objs/Makefile
ifneq ($(UNIT_TESTS),)
	@$(MAKE) unit-build
	prove -j$(JOBS) -e '' $(UNIT_LONG) $(filter-out $(UNIT_LONG),$(UNIT_TESTS))
endif

# a benchmark that is linked with the cache itself

$(OUT)/bench/hitratio: bench/hitratio.c $(SRC)/base/ngx_dns_random.c \
    $(wildcard $(SRC)/store/ngx_dns_cache*) $(TREE)/objs/Makefile
	@mkdir -p $(@D)
	@$(CC) -O2 -g $(WARNINGS) -D_GNU_SOURCE $(NGX_INCS) -I$(SRC) -o $@ \
	    $(filter %.c,$^) -lm

# nothing may be narrowed silently where bytes of the network are handled

.PHONY: check-warnings
check-warnings: $(TREE)/objs/Makefile
	@set -e; for src in $(wildcard $(SRC)/wire/*.c $(SRC)/store/*.c); do \
	    $(CC) $(UNIT_CFLAGS) -Wshadow -Wconversion $(NGX_INCS) \
	        -fsyntax-only $$src; \
	done
