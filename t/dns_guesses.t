#!/usr/bin/perl

# Tests for wrong IDs: a question that somebody seems to guess at is asked over
# TCP (RFC 5452, 9.3).

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->plan(6);

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

worker_processes 1;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /metrics {
            dns_status  prometheus;
        }
    }
}

stream {
    dns_upstream u {
        server        127.0.0.1:%%PORT_8081%%;
        health_check  off;
    }

    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        dns_forward  . u;
    }
}

EOF_CONF

my $u = $t->upstream(8081, sub {
    my ($query) = @_;

    return { a => '192.0.2.1' } if $query->{tcp};

    # so many guesses, then the answer

    my ($n) = $query->{qname} =~ /^n(\d+)/;

    return ((map { { a => '192.0.2.66', id => ($query->{id} + $_) & 0xffff } }
             1 .. $n),
            { a => '192.0.2.1', delay => 0.05 });
}, tcp => 1);

$t->run();

my $port = $t->port(8053);

is(dns_query($port, 'n15.test', 'A')->{answers}[0]{data}, '192.0.2.1',
   'a few wrong IDs');
is($u->accepted(), 0, 'over UDP');
is(dns_query($port, 'n40.test', 'A')->{answers}[0]{data}, '192.0.2.1',
   'more of them');
is($u->accepted(), 1, 'over TCP');

my $page = metrics($t->port(8080));
is($page->{'nginx_dns_guessed_total'}, 1, 'counted');
cmp_ok($page->{'nginx_dns_upstream_unmatched_total{reason="late"}'}, '>=', 31,
       'and the wrong IDs');
