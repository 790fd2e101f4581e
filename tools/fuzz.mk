#
# Fuzz targets; read by Makefile.
#
# Every fuzz/fuzz_*.c is one target, with seeds in fuzz/seeds/NAME/.  "make
# fuzz-seeds" runs all over their seeds, with any compiler; "make fuzz" looks
# for more with libFuzzer, for FUZZ_SECONDS each, and needs clang.
#

FUZZ          := $(OUT)/fuzz
FUZZ_SECONDS  ?= 60

# targets that need what the unit tests do, and its fakes

FUZZ_UNIT     := cache cookie life peers rate
FUZZ_NAMES    := $(patsubst fuzz/fuzz_%.c,%,$(wildcard fuzz/fuzz_*.c))
FUZZ_PLAIN    := $(filter-out $(FUZZ_UNIT),$(FUZZ_NAMES))
FUZZ_SOURCES  := fuzz/nginx.c \
                 $(wildcard $(addprefix $(SRC)/,base/*.c wire/*.c)) \
                 $(wildcard $(SRC)/store/ngx_dns_hosts*.c) \
                 $(filter-out %_image.c,$(wildcard $(SRC)/store/ngx_dns_cache*.c)) \
                 $(SRC)/front/ngx_dns_front_proxy.c

# libFuzzer has all sources instrumented; seeds take objects of the unit tests

FUZZ_FLAGS     = -O1 -g -fno-omit-frame-pointer $(WARNINGS) -D_GNU_SOURCE \
                 -DNGX_HAVE_NONALIGNED=0 $(NGX_INCS) -I. -I$(SRC) -MMD -MP

$(FUZZ)/obj-fuzz/%.o: %.c $(UNIT)/flags
	@mkdir -p $(@D)
	@clang -fsanitize=fuzzer-no-link $(UNIT_SAN) $(FUZZ_FLAGS) -c -o $@ $<

$(FUZZ)/lib%.a:
	@mkdir -p $(@D)
	@rm -f $@ && ar rc $@ $^

$(FUZZ)/libfuzz.a: $(patsubst %.c,$(FUZZ)/obj-fuzz/%.o,$(UNIT_SOURCES))
$(FUZZ)/libseeds-plain.a: $(patsubst %.c,$(UNIT)/obj/%.o,$(FUZZ_SOURCES))
$(FUZZ)/libfuzz-plain.a: $(patsubst %.c,$(FUZZ)/obj-fuzz/%.o,$(FUZZ_SOURCES))

$(patsubst %,$(FUZZ)/seeds_%,$(FUZZ_UNIT)): $(UNIT_LIB)
$(patsubst %,$(FUZZ)/fuzz_%,$(FUZZ_UNIT)): $(FUZZ)/libfuzz.a
$(patsubst %,$(FUZZ)/seeds_%,$(FUZZ_PLAIN)): $(FUZZ)/libseeds-plain.a
$(patsubst %,$(FUZZ)/fuzz_%,$(FUZZ_PLAIN)): $(FUZZ)/libfuzz-plain.a

FUZZ_LIBS     := -pthread -lldns -lssl -lcrypto -lm

$(FUZZ)/seeds_%: $(UNIT)/obj/fuzz/fuzz_%.o $(UNIT)/obj/fuzz/main.o
	@mkdir -p $(@D)
	@$(CC) $(UNIT_SAN) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(FUZZ_LIBS)

$(FUZZ)/fuzz_%: $(FUZZ)/obj-fuzz/fuzz/fuzz_%.o
	@clang -fsanitize=fuzzer $(UNIT_SAN) -o $@ $(filter %.o,$^) \
	    $(filter %.a,$^) $(FUZZ_LIBS)

-include $(wildcard $(FUZZ)/obj-fuzz/*/*.d $(FUZZ)/obj-fuzz/*/*/*.d) \
         $(patsubst %.c,$(UNIT)/obj/%.d,$(FUZZ_SOURCES) $(wildcard fuzz/*.c))

.PRECIOUS: $(FUZZ)/obj-fuzz/%.o

.PHONY: fuzz-seeds
fuzz-seeds: $(TREE)/objs/Makefile   ## the fuzz targets over their seeds
	@$(MAKE) -j$(JOBS) $(addprefix $(FUZZ)/seeds_,$(FUZZ_NAMES))
	@set -e; for name in $(FUZZ_NAMES); do \
	    printf 'fuzz_%s: ' $$name; \
	    $(FUZZ)/seeds_$$name fuzz/seeds/$$name/*; \
	done

.PHONY: fuzz
fuzz: $(TREE)/objs/Makefile     ## look for more, with clang's libFuzzer
	@$(MAKE) -j$(JOBS) $(addprefix $(FUZZ)/fuzz_,$(FUZZ_NAMES))
	@set -e; for name in $(FUZZ_NAMES); do \
	    mkdir -p $(FUZZ)/found/$$name; \
	    echo "fuzz_$$name"; \
	    $(FUZZ)/fuzz_$$name -max_total_time=$(FUZZ_SECONDS) -timeout=5 \
	        -print_final_stats=1 -artifact_prefix=$(FUZZ)/found/ \
	        $(FUZZ)/found/$$name fuzz/seeds/$$name 2>&1 | tail -n 8; \
	done
