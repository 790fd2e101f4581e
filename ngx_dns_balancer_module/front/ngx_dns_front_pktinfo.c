
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_front_pktinfo.h"


ngx_dns_conf_t *
ngx_dns_front_pktinfo_read(struct msghdr *msg, ngx_dns_front_addr_t *addrs,
    ngx_uint_t naddrs, ngx_dns_client_t *client)
{
    ngx_uint_t           i;
    struct cmsghdr      *cmsg;
    struct in_pktinfo   *pkt;
    struct in6_pktinfo  *pkt6;
    ngx_dns_sockaddr_t  *local;

    local = &client->local_sockaddr;

    client->local = 0;
    ngx_memzero(local, sizeof(ngx_dns_sockaddr_t));

    for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {

        if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO) {
            pkt = (struct in_pktinfo *) (void *) CMSG_DATA(cmsg);
            local->sockaddr.sa_family = AF_INET;
            local->sockaddr_in.sin_addr = pkt->ipi_addr;
            client->local = 1;
            break;
        }

        if (cmsg->cmsg_level == IPPROTO_IPV6
            && cmsg->cmsg_type == IPV6_PKTINFO)
        {
            pkt6 = (struct in6_pktinfo *) (void *) CMSG_DATA(cmsg);
            local->sockaddr.sa_family = AF_INET6;
            local->sockaddr_in6.sin6_addr = pkt6->ipi6_addr;

            /* it is one of this device only, wherever the client is */

            if (IN6_IS_ADDR_LINKLOCAL(&pkt6->ipi6_addr)) {
                local->sockaddr_in6.sin6_scope_id = pkt6->ipi6_ifindex;
            }

            client->local = 1;
            break;
        }
    }

    for (i = 0; i < naddrs - 1; i++) {

        if (local->sockaddr.sa_family == AF_INET6
            ? ngx_memcmp(&addrs[i].sockaddr.sockaddr_in6.sin6_addr,
                         &local->sockaddr_in6.sin6_addr, 16)
              == 0
            : addrs[i].sockaddr.sockaddr_in.sin_addr.s_addr
              == local->sockaddr_in.sin_addr.s_addr)
        {
            break;
        }
    }

    return addrs[i].conf;
}


size_t
ngx_dns_front_pktinfo_write(size_t *control, const ngx_dns_sockaddr_t *local)
{
    struct cmsghdr      *cmsg;
    struct in_pktinfo   *pkt;
    struct in6_pktinfo  *pkt6;

    cmsg = (struct cmsghdr *) control;

    if (local->sockaddr.sa_family == AF_INET6) {
        cmsg->cmsg_level = IPPROTO_IPV6;
        cmsg->cmsg_type = IPV6_PKTINFO;
        cmsg->cmsg_len = CMSG_LEN(sizeof(struct in6_pktinfo));

        pkt6 = (struct in6_pktinfo *) (void *) CMSG_DATA(cmsg);
        ngx_memzero(pkt6, sizeof(struct in6_pktinfo));
        pkt6->ipi6_addr = local->sockaddr_in6.sin6_addr;
        pkt6->ipi6_ifindex = local->sockaddr_in6.sin6_scope_id;

        return CMSG_SPACE(sizeof(struct in6_pktinfo));
    }

    cmsg->cmsg_level = IPPROTO_IP;
    cmsg->cmsg_type = IP_PKTINFO;
    cmsg->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));

    pkt = (struct in_pktinfo *) (void *) CMSG_DATA(cmsg);
    ngx_memzero(pkt, sizeof(struct in_pktinfo));
    pkt->ipi_spec_dst = local->sockaddr_in.sin_addr;

    return CMSG_SPACE(sizeof(struct in_pktinfo));
}
