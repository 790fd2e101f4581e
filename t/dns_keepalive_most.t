#!/usr/bin/perl

# Tests for keepalive: no more connections to a server than that, those
# included that get no more queries and wait for their last responses.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(4);

$t->write_stream(<<'EOF_CONF');
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

# established, as nginx has them

sub connections {
    my ($port) = @_;

    my $hex = sprintf '%04X', $port;

    open my $fh, '<', '/proc/net/tcp' or die "/proc/net/tcp: $!\n";

    return scalar grep { /^\s*\d+: \S+ \S+:$hex 01 / } <$fh>;
}

for my $name (qw/ silent slow /) {
    my $most = 0;

    for my $round (1 .. 8) {
        dns_bulk($t->port(8053), 12, window => 12,
            name => sub { "q$round-$_[0].$name.test" },
            each => sub {
                my $n = connections($t->port($name eq 'silent' ? 8081 : 8082));
                $most = $n if $n > $most;
            });
    }

    cmp_ok($u{$name}->accepted(), '>', 5, "$name: connections come and go");
    cmp_ok($most, '<=', 2, "$name: two at once");
}
