
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Words of memory that several processes see.  Everything here is relaxed:
 * it orders nothing but itself, costs what a plain access costs, except add
 * and cas, which lock a cache line.  Never used for locks: nobody waits.
 */


#ifndef _NGX_DNS_ATOMIC_H_INCLUDED_
#define _NGX_DNS_ATOMIC_H_INCLUDED_


#define NGX_DNS_CACHELINE  64UL


#define ngx_dns_load(p)       __atomic_load_n(p, __ATOMIC_RELAXED)
#define ngx_dns_store(p, v)   __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define ngx_dns_add(p, v)     __atomic_fetch_add(p, v, __ATOMIC_RELAXED)
#define ngx_dns_xchg(p, v)    __atomic_exchange_n(p, v, __ATOMIC_RELAXED)


/* for a word with one writer: no locked instruction */

#define ngx_dns_own_add(p, v)                                                 \
    ngx_dns_store(p, (__typeof__(*(p))) (ngx_dns_load(p) + (v)))


#define ngx_dns_cas(p, old, set)                                              \
    ({                                                                        \
        __typeof__(*(p))  ngx_dns_old = (old);                                \
                                                                              \
        __atomic_compare_exchange_n(p, &ngx_dns_old, set, 0,                  \
                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED);      \
    })


#endif /* _NGX_DNS_ATOMIC_H_INCLUDED_ */
