#!/usr/bin/perl

# Tests for health_check: query, type, expect and the default of them.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(11);

$t->write_stream(<<'EOF_CONF');
dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    server        127.0.0.1:%%PORT_8089%% down;
    health_check  interval=100ms query=Check.Example.com type=SOA
                  expect=NXDOMAIN,REFUSED;
}

dns_upstream off {
    server        127.0.0.1:%%PORT_8082%%;
    server        127.0.0.1:%%PORT_8083%%;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  . u;
    dns_forward  off.test off;
    dns_forward  literal.test 127.0.0.1:%%PORT_8084%%;
}
EOF_CONF

my $u = $t->upstream(8081, sub {
    my ($query, $state) = @_;
    return { rcode => $state->{rcode} // 'NXDOMAIN' };
}, probes => 1);

my $down = $t->upstream(8089, sub { { a => '192.0.2.9' } }, probes => 1);
my @quiet = map { $t->upstream($_, sub { { a => '192.0.2.1' } }, probes => 1) }
                8082, 8083, 8084;

$t->run();

my $addr = '127.0.0.1:' . $t->port(8081);

ok($t->wait_for(sub { $u->count() >= 5 }), 'checked');

my ($query, @rest) = $u->queries();
my $last = $query->{time};

is((grep { my $gap = $_->{time} - $last; $last = $_->{time}; $gap < 0.05 }
    @rest), 0, 'one stream');

is($query->{name}, 'check.example.com', 'query');
is($query->{type}, 'SOA', 'type');

my $m = Test::Nginx::DNS::Message::decode($query->{raw});
is($m->{rd}, 1, 'RD');

unlike($t->error_log(), qr/\[warn\].*dns upstream/, 'expected: NXDOMAIN');

$u->set(rcode => 'NOERROR');
ok($t->wait_for(sub {
    my ($why) = $t->error_log() =~ /server $addr is down after 2 fail.*: (.*)/;
    ($why // '') eq 'health check was answered with NOERROR';
}), 'not expected: NOERROR');

$u->set(rcode => 'REFUSED');
ok($t->wait_for(sub { $t->error_log() =~ /server $addr is up: 2 health check/
                    }), 'expected: REFUSED');

is($down->count(), 0, 'a server marked down is not checked');
is($quiet[0]->count() + $quiet[1]->count(), 0, 'off');
is($quiet[2]->count(), 0, 'nor is the address of a dns_forward');
