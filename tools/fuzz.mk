#
# Fuzz targets; read by Makefile.
#
# Every fuzz/fuzz_*.c is one target, with seeds in fuzz/seeds/NAME/.  "make
# fuzz-seeds" runs all over their seeds, with any compiler; "make fuzz" looks
# for more with libFuzzer, for FUZZ_SECONDS each, and needs clang.
#

comma         := ,
FUZZ          := $(OUT)/fuzz
FUZZ_SECONDS  ?= 60
# targets that need what the unit tests do, and its fakes

FUZZ_UNIT     := cache cookie life peers rate
FUZZ_NAMES    := $(patsubst fuzz/fuzz_%.c,%,$(wildcard fuzz/fuzz_*.c))
FUZZ_SOURCES  := fuzz/nginx.c \
                 $(wildcard $(addprefix $(SRC)/,base/*.c wire/*.c)) \
                 $(wildcard $(SRC)/store/ngx_dns_hosts*.c) \
                 $(filter-out %_image.c,$(wildcard $(SRC)/store/ngx_dns_cache*.c)) \
                 $(SRC)/front/ngx_dns_front_proxy.c

# not the build of the unit tests: libFuzzer has all sources instrumented

fuzz-cc = $(1) -O1 -g -fno-omit-frame-pointer $(2) \
          -fno-sanitize-recover=undefined $(WARNINGS) -D_GNU_SOURCE \
          -DNGX_HAVE_NONALIGNED=0 $(NGX_INCS) -I. -I$(SRC) -o $@ $(3) -lldns -lssl -lcrypto

$(FUZZ)/seeds_%: fuzz/fuzz_%.c fuzz/main.c $(FUZZ_SOURCES)
	@mkdir -p $(@D)
	@$(call fuzz-cc,$(CC),-fsanitize=address$(comma)undefined,$^)

$(FUZZ)/fuzz_%: fuzz/fuzz_%.c $(FUZZ_SOURCES)
	@mkdir -p $(@D)
	@$(call fuzz-cc,clang,-fsanitize=fuzzer$(comma)address$(comma)undefined,$^)

FUZZ_SAN       = -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_FLAGS     = -O1 -g -fno-omit-frame-pointer $(WARNINGS) -D_GNU_SOURCE \
                 -DNGX_HAVE_NONALIGNED=0 $(NGX_INCS) -I. -I$(SRC) -MMD -MP

$(FUZZ)/obj-seeds/%.o: %.c $(UNIT)/flags
	@mkdir -p $(@D)
	@$(CC) $(FUZZ_SAN) $(FUZZ_FLAGS) -c -o $@ $<

$(FUZZ)/obj-fuzz/%.o: %.c $(UNIT)/flags
	@mkdir -p $(@D)
	@clang -fsanitize=fuzzer-no-link $(FUZZ_SAN) $(FUZZ_FLAGS) -c -o $@ $<

$(FUZZ)/lib%.a:
	@rm -f $@ && ar rc $@ $^

$(FUZZ)/libseeds.a: $(patsubst %.c,$(FUZZ)/obj-seeds/%.o,$(UNIT_SOURCES))
$(FUZZ)/libfuzz.a: $(patsubst %.c,$(FUZZ)/obj-fuzz/%.o,$(UNIT_SOURCES))

$(patsubst %,$(FUZZ)/seeds_%,$(FUZZ_UNIT)): $(FUZZ)/seeds_%: \
    $(FUZZ)/obj-seeds/fuzz/fuzz_%.o $(FUZZ)/obj-seeds/fuzz/main.o \
    $(FUZZ)/libseeds.a
	@$(CC) $(FUZZ_SAN) -pthread -o $@ $^ -lldns -lcrypto -lm

$(patsubst %,$(FUZZ)/fuzz_%,$(FUZZ_UNIT)): $(FUZZ)/fuzz_%: \
    $(FUZZ)/obj-fuzz/fuzz/fuzz_%.o $(FUZZ)/libfuzz.a
	@clang -fsanitize=fuzzer $(FUZZ_SAN) -pthread -o $@ $^ -lldns -lcrypto -lm

-include $(wildcard $(FUZZ)/obj-*/*/*.d $(FUZZ)/obj-*/*/*/*.d)

.PRECIOUS: $(FUZZ)/obj-seeds/%.o $(FUZZ)/obj-fuzz/%.o

.PHONY: fuzz-seeds
fuzz-seeds: $(TREE)/objs/Makefile   ## the fuzz targets over their seeds
	@$(MAKE) $(addprefix $(FUZZ)/seeds_,$(FUZZ_NAMES))
	@set -e; for name in $(FUZZ_NAMES); do \
	    printf 'fuzz_%s: ' $$name; \
	    $(FUZZ)/seeds_$$name fuzz/seeds/$$name/*; \
	done

.PHONY: fuzz
fuzz: $(TREE)/objs/Makefile     ## look for more, with clang's libFuzzer
	@$(MAKE) $(addprefix $(FUZZ)/fuzz_,$(FUZZ_NAMES))
	@set -e; for name in $(FUZZ_NAMES); do \
	    mkdir -p $(FUZZ)/found/$$name; \
	    echo "fuzz_$$name"; \
	    $(FUZZ)/fuzz_$$name -max_total_time=$(FUZZ_SECONDS) -timeout=5 \
	        -print_final_stats=1 -artifact_prefix=$(FUZZ)/found/ \
	        $(FUZZ)/found/$$name fuzz/seeds/$$name 2>&1 | tail -n 8; \
	done
