
/*
 * Programs that do next to nothing, for bench/xdp: what dns_xdp can't be below.
 *
 *     pass    lets all pass
 *     back    sends a query for port 5300 over IPv4 back as its response,
 *             without looking into it
 */


#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>


#define FLOOR_PORT  0xb414          /* 5300 as in a frame */
#define FLOOR_DNS   12


struct floor_frame {
    struct ethhdr   eth;
    struct iphdr    ip;
    struct udphdr   udp;
    unsigned short  dns[FLOOR_DNS / 2];
} __attribute__((packed));


int __attribute__((section("pass"), used))
floor_pass(struct xdp_md *ctx)
{
    return XDP_PASS;
}


int __attribute__((section("back"), used))
floor_back(struct xdp_md *ctx)
{
    int                  i;
    unsigned int         addr;
    unsigned char        mac;
    struct floor_frame  *f;

    f = (void *) (long) ctx->data;

    if ((void *) (f + 1) > (void *) (long) ctx->data_end
        || f->ip.ihl != 5 || f->ip.protocol != 17
        || f->udp.dest != FLOOR_PORT)
    {
        return XDP_PASS;
    }

    for (i = 0; i < ETH_ALEN; i++) {
        mac = f->eth.h_source[i];
        f->eth.h_source[i] = f->eth.h_dest[i];
        f->eth.h_dest[i] = mac;
    }

    addr = f->ip.saddr;
    f->ip.saddr = f->ip.daddr;
    f->ip.daddr = addr;

    f->udp.dest = f->udp.source;
    f->udp.source = FLOOR_PORT;
    f->udp.check = 0;

    /* a response, as the generator counts it, of a record */

    f->dns[1] |= 0x80;
    f->dns[3] = 0x0100;

    return XDP_TX;
}
