#!/usr/bin/perl

# Tests for dns_cache: which questions share an answer.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(16);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_cache_zone  zone=c:1m;

%%TEST_CACHE_LOG%%

dns_cache  c;

dns_upstream one {
    server  127.0.0.1:%%PORT_8081%%;
}

dns_upstream two {
    server  127.0.0.1:%%PORT_8082%%;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . one;
}

server {
    listen       127.0.0.1:%%PORT_8054%% udp;
    dns_forward  . one;
    dns_forward  other.test two;
}

server {
    listen       127.0.0.1:%%PORT_8055%% udp;
    dns_forward  . two;
}
EOF_CONF

my $one = $t->upstream(8081, sub {
    my ($query) = @_;
    return { a => $query->{cd} ? '192.0.2.11' : '192.0.2.1',
             edns => $query->{edns} && { size => 1232,
                                         do => $query->{edns}{do} } };
});

my $two = $t->upstream(8082, sub { { a => '192.0.2.2' } });

$t->run();

sub data {
    my ($port, $name, %o) = @_;
    my $r = dns_query($t->port($port), $name, delete $o{type} // 'A', %o);
    return $r->{answers}[0]{data};
}

is(data(8053, 'a.test'), '192.0.2.1', 'asked');
is(data(8053, 'a.test', cd => 1), '192.0.2.11', 'CD is a key of its own');
is(data(8053, 'a.test', cd => 1), '192.0.2.11', 'again');
is($one->count(), 2, 'RFC 6840: asked with and without CD');

data(8053, 'a.test', do => 1) for 1, 2;
is($one->count(), 3, 'DO is a key of its own');

data(8053, 'a.test', edns => 1232);
is($one->count(), 3, 'EDNS is not');

data(8053, 'a.test', type => 'AAAA');
is($one->count(), 4, 'the type is');

# two servers that share the zone and forward to the same upstream

is(data(8054, 'a.test'), '192.0.2.1', 'shared');
is($one->count(), 4, 'not asked again');

# and to another one

is(data(8055, 'a.test'), '192.0.2.2', 'other forwarding');
is(data(8053, 'a.test'), '192.0.2.1', 'the first is as it was');

is(data(8053, 'x.other.test'), '192.0.2.1', 'a zone forwarded elsewhere');
is(data(8054, 'x.other.test'), '192.0.2.2', 'by another server');
is(data(8053, 'x.other.test'), '192.0.2.1', 'each its own');

is($two->count(), 2, 'two asked');
is($one->count(), 5, 'one asked');
