#!/usr/bin/perl

# Tests for dns_limit of clients over IPv6: by prefixes of any length; an IPv4
# address that is mapped counts as that.  The addresses are those of PROXY
# headers.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ encode decode /;

use Socket qw/ inet_aton inet_pton AF_INET6 /;

my $t = Test::Nginx::DNS->new()->plan(17);

# so slow that nothing is given back within the test

$t->write_stream(<<'EOF_CONF');
dns_limit_zone  client zone=default:64k rate=1r/m;
dns_limit_zone  client zone=all:64k rate=1r/m v6=0;
dns_limit_zone  client zone=long:64k rate=1r/m v6=96;
dns_limit_zone  client zone=host:64k rate=1r/m v4=32 v6=128;

dns_udp_proxy_protocol  127.0.0.1;
dns_host                192.0.2.1 here.test;

server {
    listen     127.0.0.1:%%PORT_8051%% udp;
    dns_limit  zone=default slip=0;
}

server {
    listen     127.0.0.1:%%PORT_8052%% udp;
    dns_limit  zone=all slip=0;
}

server {
    listen     127.0.0.1:%%PORT_8053%% udp;
    dns_limit  zone=long slip=0;
}

server {
    listen     127.0.0.1:%%PORT_8054%% udp;
    dns_limit  zone=host slip=0;
}
EOF_CONF

$t->run();

# of each the first one is answered, if no other of its network was before

sub asks {
    my ($port, $addr, $answered, $name) = @_;

    my $v6 = $addr =~ /:/;
    my $addrs = join '', map { $v6 ? inet_pton(AF_INET6, $_) : inet_aton($_) }
        $addr, $v6 ? '::1' : '127.0.0.1';

    my $r = dns_raw($t->port($port), "\r\n\r\n\0\r\nQUIT\n"
        . pack('CCn/a*', 0x21, $v6 ? 0x22 : 0x12,
               $addrs . pack('nn', 4444, 53))
        . encode(id => 7, flags => 0x0100, question => [ 'here.test', 'A' ]),
        timeout => $answered ? 3 : 0.2);

    is($r ? decode($r)->{answers}[0]{data} : 'none',
       $answered ? '192.0.2.1' : 'none', $name);
}

asks(8051, '2001:db8:0:100::1', 1, 'a network');
asks(8051, '2001:db8:0:1ff:8000::2', 0, 'another client of its /56');
asks(8051, '2001:db8:0:200::1', 1, 'the next network');
asks(8051, '::ffff:192.0.2.7', 1, 'an address that is mapped');
asks(8051, '192.0.2.8', 0, 'is of the network of IPv4');
asks(8051, '::ffff:192.0.3.7', 1, 'another such network');
asks(8051, '::192.0.2.7', 1, 'one that looks like it is not');

asks(8052, '2001:db8::1', 1, 'v6=0: the first of all');
asks(8052, 'fd00::1', 0, 'then nobody');
asks(8052, '192.0.2.7', 1, 'but IPv4');

asks(8053, '2001:db8::1:2:3', 1, 'longer than 64 bits');
asks(8053, '2001:db8::1:ffff:ffff', 0, 'what is behind does not count');
asks(8053, '2001:db8::2:2:3', 1, 'what is before does');

asks(8054, '2001:db8::1', 1, 'v6=128: a host');
asks(8054, '2001:db8::1', 0, 'the same again');
asks(8054, '2001:db8::2', 1, 'another');
asks(8054, '2001:db9::1', 1, 'and one with the same end');
