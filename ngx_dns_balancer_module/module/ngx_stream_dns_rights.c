
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_rights.h"
#include "ngx_stream_dns_seats.h"

#include <grp.h>
#include <sys/xattr.h>


#define NGX_STREAM_DNS_RIGHTS_GROUPS  64


static ngx_uint_t ngx_stream_dns_rights_member(ngx_core_conf_t *ccf,
    gid_t gid);
static void ngx_stream_dns_rights_file(ngx_cycle_t *cycle,
    const ngx_stream_dns_place_t *place, ngx_str_t *file);


ngx_uint_t
ngx_stream_dns_rights(ngx_cycle_t *cycle, const char *name,
    ngx_file_info_t *fi, mode_t need)
{
    ngx_core_conf_t  *ccf;

    /* these bits are R_OK, W_OK and X_OK */

    if (geteuid() != 0) {
        return access(name, (int) need) == 0;
    }

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    if (ccf->user == 0 || ccf->user == (ngx_uid_t) NGX_CONF_UNSET_UINT) {
        return 1;
    }

    if (fi->st_uid == ccf->user) {
        need <<= 6;

    } else if (ngx_stream_dns_rights_member(ccf, fi->st_gid)) {
        need <<= 3;
    }

    if ((fi->st_mode & need) == need) {
        return 1;
    }

    /* the mode does not tell what a list gives to one user */

    return getxattr(name, "system.posix_acl_access", NULL, 0) > 0;
}


static ngx_uint_t
ngx_stream_dns_rights_member(ngx_core_conf_t *ccf, gid_t gid)
{
    int    i, n;
    gid_t  groups[NGX_STREAM_DNS_RIGHTS_GROUPS];

    if (gid == ccf->group) {
        return 1;
    }

    n = NGX_STREAM_DNS_RIGHTS_GROUPS;

    if (ccf->username == NULL
        || getgrouplist(ccf->username, ccf->group, groups, &n) == -1)
    {
        return 0;
    }

    for (i = 0; i < n; i++) {
        if (groups[i] == gid) {
            return 1;
        }
    }

    return 0;
}


void
ngx_stream_dns_rights_check(ngx_cycle_t *cycle,
    ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_str_t                  *file;
    ngx_uint_t                  i, k;
    ngx_stream_dns_hosts_t    **hosts;
    ngx_stream_dns_secret_t   **secrets;
    ngx_stream_dns_source_t   **src;
    ngx_stream_dns_upstream_t  **us;

    if (geteuid() != 0) {
        return;
    }

    hosts = dmcf->hosts.elts;

    for (i = 0; i < dmcf->hosts.nelts; i++) {
        file = hosts[i]->files->elts;

        for (k = 0; k < hosts[i]->files->nelts; k++) {
            ngx_stream_dns_rights_file(cycle, &hosts[i]->places[k], &file[k]);
        }
    }

    secrets = dmcf->secrets.elts;

    for (i = 0; i < dmcf->secrets.nelts; i++) {
        if (secrets[i]->file.len) {
            ngx_stream_dns_rights_file(cycle, &secrets[i]->place,
                                       &secrets[i]->file);
        }
    }

    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        src = us[i]->sources ? us[i]->sources->elts : NULL;

        for (k = 0; src && k < us[i]->sources->nelts; k++) {
            if (src[k]->host.len == 0) {
                ngx_stream_dns_rights_file(cycle, &src[k]->place,
                                           &src[k]->text);
            }
        }
    }
}


static void
ngx_stream_dns_rights_file(ngx_cycle_t *cycle,
    const ngx_stream_dns_place_t *place, ngx_str_t *file)
{
    ngx_core_conf_t  *ccf;
    ngx_file_info_t   fi;

    if (ngx_file_info(file->data, &fi) == NGX_FILE_ERROR
        || ngx_stream_dns_rights(cycle, (char *) file->data, &fi, S_IROTH))
    {
        return;
    }

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    ngx_log_error(NGX_LOG_WARN, cycle->log, 0,
                  "\"%s\": worker processes, as user \"%s\", can't read "
                  "\"%V\": after a change of it nginx has to be reloaded, in "
                  "%s:%ui",
                  place->block, ccf->username, file, place->file, place->line);
}
