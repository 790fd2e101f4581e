#!/usr/bin/perl

# Tests for dns_local special: names that are not for name servers are answered
# here, but for zones of the configuration.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new();

$t->write_stream(<<'EOF_CONF');
# by default

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}

server {
    listen       127.0.0.1:%%PORT_8054%% udp;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
    dns_forward  home.arpa 127.0.0.1:%%PORT_8081%%;
    dns_forward  x.onion 127.0.0.1:%%PORT_8081%%;
}

server {
    listen       127.0.0.1:%%PORT_8055%% udp;
    dns_local    off;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}

server {
    listen       127.0.0.1:%%PORT_8056%% udp;
    dns_local    localhost;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

my $up = $t->upstream(8081, sub { { a => '192.0.2.1' } });

$t->run();

sub data {
    my ($port, $name, $type, %o) = @_;
    my $m = dns_query($t->port($port), $name, $type // 'A', %o);

    return $m->{rcode} eq 'NOERROR'
           ? join ' ', map { $_->{data} } @{$m->{answers}} : $m->{rcode};
}

for my $zone (qw/ invalid onion home.arpa resolver.arpa /) {
    for my $tcp (qw/ udp tcp /) {
        my $m = dns_query($t->port(8053), "www.$zone", 'A', proto => $tcp);

        is($m->{rcode}, 'NXDOMAIN', "below $zone, $tcp");
        is($m->{authority}[0]{name}, $zone, 'with an SOA of the zone');
        is(data(8053, $zone, 'A', proto => $tcp), '', "$zone itself: no data");
    }

    is(data(8053, uc "a.b.$zone", 'TXT'), 'NXDOMAIN', 'deeper, upper case');
    is(data(8053, "my$zone"), '192.0.2.1', 'a name that ends like it');
    is(data(8053, "$zone.test"), '192.0.2.1', 'a name that begins like it');
    is(data(8055, "www.$zone"), '192.0.2.1', 'off');
    is(data(8056, "www.$zone"), $zone eq 'resolver.arpa' ? 'NXDOMAIN'
       : '192.0.2.1', 'localhost alone');
}

is(data(8053, 'www.test'), '192.0.2.1', 'test is for servers of our own');
is(data(8053, 'arpa'), '192.0.2.1', 'arpa');

# a zone of our own goes before

is(data(8054, 'a.home.arpa'), '192.0.2.1', 'home.arpa of our own');
is(data(8054, 'a.x.onion'), '192.0.2.1', 'and one inside');
is(data(8054, 'a.y.onion'), 'NXDOMAIN', 'beside it');

# RFC 8375, 5

$up->reset();
data(8053, 'home.arpa', 'DS');
is($up->count('home.arpa'), 1, 'DS of home.arpa goes on');
data(8053, 'a.home.arpa', 'DS');
is($up->count('a.home.arpa'), 0, 'not below');
is(data(8053, 'onion', 'DS'), '', 'DS of others: no data');

$t->plan();
