#!/usr/bin/perl

# Tests for dns_forward with 100,000 zones.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(3);

$t->write_file('zones.conf', join '', map {
    sprintf "dns_forward z%05d.test %s;\n", $_, $_ % 2 ? 'odd' : 'even'
} 0 .. 99999);

$t->write_stream(<<'EOF_CONF');
dns_upstream odd {
    server  127.0.0.1:%%PORT_8081%%;
}

dns_upstream even {
    server  127.0.0.1:%%PORT_8082%%;
}

server {
    listen   127.0.0.1:%%PORT_8053%% udp;
    include  %%TESTDIR%%/zones.conf;
}
EOF_CONF

$t->upstream(8081, sub { { a => '192.0.2.1' } });
$t->upstream(8082, sub { { a => '192.0.2.2' } });

$t->run();

my $port = $t->port(8053);
my $wrong = 0;

is_deeply(dns_bulk($port, 2000,
    name => sub { sprintf 'www.z%05d.test', $_[0] * 47 % 100000 },
    each => sub {
        $wrong++ if $_[1] ne ($_[0] * 47 % 2 ? '192.0.2.1' : '192.0.2.2');
    }), { '192.0.2.1' => 1000, '192.0.2.2' => 1000 }, 'answered');

is($wrong, 0, 'each by its own');
is(dns_query($port, 'www.z100000.test', 'A')->{rcode}, 'REFUSED', 'no more');
