#!/usr/bin/perl

# Tests for keepalive: no more connections to a server than that, those
# included that get no more queries and wait for their last responses.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->plan(4);

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
dns_upstream_timeout  200ms;

dns_upstream silent {
    server        tcp://127.0.0.1:%%PORT_8081%% max_fails=0;
    health_check  off;
    keepalive     2;
}

dns_upstream slow {
    server              tcp://127.0.0.1:%%PORT_8082%% max_fails=0;
    health_check        off;
    keepalive           2;
    keepalive_requests  1;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  silent.test silent;
    dns_forward  slow.test slow;
}
EOF_CONF

my %u = (silent => $t->upstream(8081, sub { () }, tcp => 1),
         slow => $t->upstream(8082, sub { { a => '192.0.2.1', delay => 0.05 } },
                              tcp => 1));

$t->run();

# to both of them; those that have been used may be idle

sub connections {
    my $page = metrics($t->port(8080));

    return $page->{'nginx_dns_used{kind="upstream_connections"}'};
}

for my $name (qw/ silent slow /) {
    my $most = 0;

    for my $round (1 .. 8) {
        dns_bulk($t->port(8053), 12, window => 12,
            name => sub { "q$round-$_[0].$name.test" },
            each => sub {
                my $n = connections();
                $most = $n if $n > $most;
            });
    }

    cmp_ok($u{$name}->accepted(), '>', 5, "$name: connections come and go");
    cmp_ok($most, '<=', 4, "$name: two at once, and two to the other");
}
