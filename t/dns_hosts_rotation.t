#!/usr/bin/perl

# Tests for dns_hosts: addresses of a name take turns in being the first, over
# all workers together.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(4);

$t->write_stream(<<'EOF_CONF', workers => 2);
server {
    listen      127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_hosts   %%TESTDIR%%/hosts;
}
EOF_CONF

$t->write_file('hosts', join '', map { "192.0.2.$_ a.test\n2001:db8::$_ a.test\n"
} 1 .. 4);

$t->run();

my $port = $t->port(8053);

is_deeply(dns_bulk($port, 100, name => 'a.test', sockets => 16),
          { map { ("192.0.2.$_" => 25) } 1 .. 4 }, 'first of A');

is_deeply(dns_bulk($port, 100, name => 'a.test', sockets => 16, type => 'AAAA'),
          { map { ("2001:db8::$_" => 25) } 1 .. 4 }, 'first of AAAA');

my $first = dns_query($port, 'a.test', 'A')->{answers};
my $second = dns_query($port, 'a.test', 'A')->{answers};

is(@$first, 4, 'all');
is_deeply([ map { $_->{data} } @$second ],
          [ map { $_->{data} } @$first[1 .. 3], $first->[0] ], 'in order');

###############################################################################
