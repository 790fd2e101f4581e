package Test::Nginx::DNS::Hostile::Conf;

# Configurations that check-hostile reloads between, by perl's rand().
#
#   hostile_conf(%fixed)      what is not fixed is chosen: workers,
#                             connections; tap => 1: there may be a tap
#
# The listeners are always the same ones, so that clients find them.

use warnings;
use strict;

use Exporter qw/ import /;

use Test::Nginx::DNS::Hostile::Message qw/ pick /;

our @EXPORT = qw/ hostile_conf /;


sub hostile_conf {
    my (%o) = @_;

    my $workers = $o{workers} // pick(1, 2);
    my $connections = $o{connections} // pick(32, 32, 64, 512, 1024);

    my $stream = join '', map { "    $_\n" } grep { $_ } (
        'dns_client_subnet ' . pick(qw/ off forward add /) . ';',
        'dns_next_upstream_tries ' . pick(1, 2, 3) . ';',
        'dns_upstream_timeout ' . pick('200ms', '1s') . ';',
        'dns_client_timeout ' . pick('500ms', '2s') . ';',
        'dns_idle_timeout ' . pick('500ms', '5s') . ';',
        'dns_pipeline ' . pick(4, 128, 128, 1000) . ';',
        'dns_udp_max_size ' . pick(512, 1232, 4096, '4096 unproven=512') . ';',
        pick('', 'dns_nsid ns1;'),
        pick('', 'dns_cookie on;', 'dns_cookie secret=%%TESTDIR%%/secrets;'),
        pick('', 'dns_any minimal;', 'dns_any refuse;'),
        pick('', 'dns_minimal on;'),
        pick('', 'dns_rotate off;'),
        pick('', 'dns_local off;', 'dns_local special reverse server_id'
             . ' whoami=a-1.hostile.test;'),

        # all come from one address, which must be answered: only slips, and
        # those who are named by what they ask for

        pick('', 'dns_limit zone=clients burst=1000 dry_run;'),
        pick('', 'dns_limit zone=names burst=100 misses slip=2;'),
        pick('', 'dns_cache_stale 1h;', 'dns_cache_stale 1h'
             . ' answer_after=100ms;'),
    );
    my $tap = pick('', 'dns_dnstap unix:%%TESTDIR%%/tap.sock'
                   . pick('', ' sample=3', ' types=client_query') . ';');
    $tap = '' if !$o{tap};

    my $cache = pick('off', 'answers', 'answers');
    my $method = pick('', 'random;', 'random two least_conn;',
                      'least_time;', 'hash $dns_qname consistent;',
                      'hash $remote_addr;', 'sequential;');
    my $more = pick('', 'hedge off;', 'hedge 20ms;', 'race 2;',
                    'race 2 positive;', 'race 2 positive wait=50ms;');
    my $zone = pick('dns_return nxdomain', 'dns_return drop',
                    'dns_return refused', 'dns_pass over_tcp',
                    'dns_pass $chosen',
                    'dns_pass hostile fallback=over_tcp on=nxdomain,servfail'
                    . ' fallback=over_tls',

                    # what is chosen by hash can't be asked for somebody else

                    $method =~ /hash/ ? 'dns_pass over_tls'
                    : 'dns_pass over_tls fallback=hostile');
    my $check = pick('', 'health_check off;', 'health_check interval=500ms;');
    my $reuse = pick('on', 'off');
    my $most = pick('', 'max_outstanding=50');

    return <<"END";
%%TEST_GLOBALS%%
worker_processes  $workers;

events {
    worker_connections  $connections;
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /status   { dns_status json; }
        location /metrics  { dns_status prometheus; }
        location /page     { dns_status html; }
        location /ready    { dns_status ready; }
        location /dns/     { dns_control; }
        location /query    { dns_over_https doh; }
    }
}

stream {
    dns_cache_zone zone=answers:1m;
    dns_limit_zone client zone=clients:64k rate=100r/s;
    dns_limit_zone \$dns_qname zone=names:64k rate=20r/s;
    dns_cache $cache;
    dns_hosts %%TESTDIR%%/hosts fallthrough;
    log_format f '\$remote_addr \$dns_qname \$dns_rcode "\$dns_error"';
    access_log %%TESTDIR%%/dns.log f buffer=32k;

    ssl_certificate      %%TESTDIR%%/cert.pem;
    ssl_certificate_key  %%TESTDIR%%/key.pem;

    map \$remote_port \$chosen {
        ~[0-4]\$  hostile;
        ~[5-8]\$  over_tcp;
    }

$stream
    dns_upstream hostile {
        $method
        $more
        server 127.0.0.1:%%PORT_8081%% $most;
        server 127.0.0.1:%%PORT_8082%%;
        $check
    }

    dns_upstream over_tcp {
        server tcp://127.0.0.1:%%PORT_8081%%;
        server tcp://127.0.0.1:%%PORT_8082%% backup;
        health_check off;
    }

    # they do not speak TLS, and one of them is asked by way of nginx that does

    dns_upstream over_tls {
        server tls://127.0.0.1:%%PORT_8081%%;
        server tls://127.0.0.1:%%PORT_8856%%;
        health_check off;
        ssl_verify off;
        ssl_session_reuse $reuse;
    }

    server {
        listen      127.0.0.1:%%PORT_8856%% ssl;
        proxy_pass  127.0.0.1:%%PORT_8082%%;
    }

    server {
        listen  127.0.0.1:%%PORT_8053%% udp reuseport;
        listen  127.0.0.1:%%PORT_8053%%;
        listen  127.0.0.1:%%PORT_8853%% ssl;
        listen  127.0.0.1:%%PORT_8055%% proxy_protocol;

        dns_service  doh;
        $tap

        dns_forward  good.test 127.0.0.1:%%PORT_8083%%;
        dns_forward  cost.test 127.0.0.1:%%PORT_8084%%;
        dns_forward  tcp.test  over_tcp;
        dns_forward  tls.test  over_tls;
        dns_forward  .         hostile;

        dns_zone sub.hostile.test {
            $zone;
        }
    }

    server {
        listen                  127.0.0.1:%%PORT_8054%% udp;
        dns_udp_proxy_protocol  127.0.0.0/8;
        dns_forward             . hostile;
    }
}
END
}


1;
