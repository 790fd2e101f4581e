#!/usr/bin/perl

# Tests for a server that there is no way to, as at an IPv6 address of a machine
# without IPv6: the longer that lasts the less often it is logged.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Time::HiRes qw/ sleep time /;

my $t = Test::Nginx::DNS->new()->plan(3);

# a socket can't be connected to this address

$t->write_stream(<<'EOF_CONF');
dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    server        127.255.255.255:53;
    health_check  interval=100ms;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  . u;
}
EOF_CONF

$t->upstream(8081, sub { { a => '192.0.2.1' } });
$t->run();

# the first line, one 10 seconds later, and one 20 seconds later

ok($t->wait_for(sub { lines() == 2 }, 20), 'two lines');

my $time = time();
sleep 13;

SKIP: {
    skip 'this machine is too slow', 1 if time() - $time > 18;

    is(lines(), 2, 'and no third one after as long');
}

ok($t->wait_for(sub { lines() == 3 }, 20), 'but later');


sub lines {
    return scalar grep { /no socket to server 127\.255/ }
                       split /\n/, $t->error_log();
}
