#!/usr/bin/perl

# Tests for ports from which a server is not reached any more, as where a
# translation of addresses lasts that was made for a server which has gone:
# other ports are used.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(9);

$t->write_stream(<<'EOF_CONF');
dns_upstream one {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

dns_upstream two {
    server  127.0.0.1:%%PORT_8082%%;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  one.test one;
    dns_forward  two.test two;
}
EOF_CONF

# what came from a port before "deaf" was set does not arrive any more; with
# "half" that is so for every second of these ports

my %known;

sub answer {
    my ($query, $state) = @_;

    my $port = $query->{port};

    if (!$state->{deaf}) {
        $known{$port} //= keys %known;

    } elsif (defined $known{$port} && (!$state->{half} || $known{$port} % 2)) {
        return ();
    }

    return { a => '192.0.2.1' };
}

my %up = (one => $t->upstream(8081, \&answer, probes => 1),
          two => $t->upstream(8082, \&answer, probes => 1));

$t->run();

my $port = $t->port(8053);
my $n = 0;

sub ask {
    my ($zone, $number, %options) = @_;

    $n++;

    return dns_bulk($port, $number, window => 1, timeout => 5, %options,
                    name => sub { "n$n-$_[0].$zone.test" });
}

for my $zone (qw/ one two /) {

    # one of two ways is gone: each of its ports is found out once

    is_deeply(ask($zone, 400, window => 20), { '192.0.2.1' => 400 },
              "$zone: before");

    $up{$zone}->set(half => 1, deaf => 1);
    $up{$zone}->reset();

    is_deeply(ask($zone, 200), { '192.0.2.1' => 200 }, "$zone: half of them");
    cmp_ok($up{$zone}->count() - 200, '<', 50, 'few in vain');

    # all ways are gone

    $up{$zone}->set(half => 0, deaf => 0);
    ask($zone, 400, window => 20);
    $up{$zone}->set(deaf => 1);

    ok($t->wait_for(sub { (ask($zone, 5)->{'192.0.2.1'} // 0) == 5 }, 20),
       "$zone: all of them");
}

unlike($t->error_log(), qr/is down/, 'no server is down');
