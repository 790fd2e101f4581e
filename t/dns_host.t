#!/usr/bin/perl

# Tests for dns_host: names in the configuration, alone and beside hosts
# files, over a reload.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->allow(qr/\[emerg\]/)->plan(19);

$t->write_file('hosts', "192.0.2.1 a.test\n");

sub config {
    my ($addr) = @_;

    $t->write_stream(<<"EOF_CONF");
dns_host  192.0.2.9 above.test;

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_host     $addr h.test h;
    dns_host     2001:db8::2 h.test;
    dns_host     192.0.2.3 *.w.test;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}

server {
    listen       127.0.0.1:%%PORT_8054%% udp;
    dns_hosts    hosts ttl=7;
    dns_host     192.0.2.4 b.test;
}

server {
    listen       127.0.0.1:%%PORT_8055%% udp;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF
}

config('192.0.2.2');

$t->upstream(8081, sub { { a => '192.0.2.99' } });
$t->run();

sub data {
    my ($port, $name, $type) = @_;
    my $m = dns_query($t->port($port), $name, $type // 'A');

    return $m->{rcode} if $m->{rcode} ne 'NOERROR';
    return join ' ', map { $_->{data} } @{$m->{answers}};
}

is(data(8053, 'h.test'), '192.0.2.2', 'A');
is(data(8053, 'H.'), '192.0.2.2', 'alias');
is(data(8053, 'h.test', 'AAAA'), '2001:db8::2', 'AAAA of another line');
is(data(8053, '2.2.0.192.in-addr.arpa', 'PTR'), 'h.test', 'PTR');
is(data(8053, 'x.w.test'), '192.0.2.3', 'wildcard');
is(data(8053, 'other.test'), '192.0.2.99', 'other names: the servers');
is(data(8055, 'above.test'), '192.0.2.9', 'inherited');
is(data(8053, 'above.test'), '192.0.2.99', 'not beside own lines');

is(data(8054, 'a.test'), '192.0.2.1', 'of the file');
is(data(8054, 'b.test'), '192.0.2.4', 'beside the file');
is(data(8054, 'c.test'), 'NXDOMAIN', 'and no others');

config('192.0.2.5');
ok($t->reload(), 'reload');
is(data(8053, 'h.test'), '192.0.2.5', 'the new address');

# the file changes, the line stays

$t->write_file('hosts', "192.0.2.6 a.test\n");
ok($t->wait_for(sub { data(8054, 'a.test') eq '192.0.2.6' }, 10), 'changed');
is(data(8054, 'b.test'), '192.0.2.4', 'the line stays');

for ([ 'x h.test', qr/"dns_host": invalid address "x", it must be an address/ ],
     [ '192.0.2.1 a..b', qr/"dns_host": invalid name "a..b", it must be/ ],
     [ '192.0.2.1 http://x', qr/"dns_host": character .* "http:..x", it must/ ],
     [ '192.0.2.1 "a b"', qr/"dns_host": blank, "#" or end of line in a name/ ])
{
    my ($value, $said) = @$_;
    my ($code, $out) = $t->test_config(
        "%%TEST_GLOBALS%%\nevents { }\nstream { dns_host $value; }\n");

    like($code ? $out : 'fine', $said, $value);
}
