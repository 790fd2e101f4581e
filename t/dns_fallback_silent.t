#!/usr/bin/perl

# Tests for fallbacks all of whose servers are silent: the attempts that a
# question may have are used up amid an upstream, and it ends in its time.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(6);

my $servers = join "\n    ",
    map { "server 127.0.0.$_:%%PORT_8081%% max_fails=0;" } 1 .. 6;

$t->write_stream(<<"EOF_CONF");
dns_upstream_timeout       200ms;
dns_next_upstream_timeout  4s;
dns_next_upstream_budget   off;

dns_upstream first {
    $servers
    health_check  off;
}

dns_upstream second {
    $servers
    health_check  off;
}

dns_upstream third {
    $servers
    health_check  off;
}

server {
    listen  127.0.0.1:%%PORT_8053%% udp;
    listen  127.0.0.1:%%PORT_8053%%;

    dns_host  192.0.2.1 alive.test;

    dns_zone one.test {
        dns_pass  first fallback=second on=error;
    }

    dns_zone two.test {
        dns_pass  first fallback=second on=error fallback=third on=error;
    }

    dns_zone many.test {
        dns_pass                 first fallback=second on=error;
        dns_next_upstream_tries  8;
    }
}
EOF_CONF

$t->upstream(8081, sub { return () });

$t->run();

my $port = $t->port(8053);

for my $zone (qw/ one two many /) {
    my $r = dns_query($port, "a.$zone.test", 'A', timeout => 6);

    is($r ? $r->{rcode} : 'nothing', 'SERVFAIL', "$zone: it ends");

    $r = dns_query($port, 'alive.test', 'A', timeout => 2);

    is($r ? $r->{rcode} : 'nothing', 'NOERROR', "$zone: others go on");
}
