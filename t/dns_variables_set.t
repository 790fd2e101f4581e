#!/usr/bin/perl

# Tests for variables of "set" where a value is needed before there is an
# answer: dns_pass, hash and dns_limit_zone.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(6);

$t->write_stream(<<'EOF_CONF');
dns_limit_zone  $key zone=limited:64k rate=1r/m;

dns_upstream one {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

dns_upstream two {
    server        127.0.0.1:%%PORT_8082%%;
    health_check  off;
}

dns_upstream hashed {
    hash          $key;
    server        127.0.0.1:%%PORT_8081%%;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  off;
}

map $dns_qname $mapped {
    ~^two    two;
    default  one;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    set          $where $mapped;
    dns_forward  . $where;
}

server {
    listen       127.0.0.1:%%PORT_8054%% udp;
    listen       127.0.0.1:%%PORT_8054%%;
    set          $key $dns_qname;
    dns_forward  . hashed;
}

server {
    listen       127.0.0.1:%%PORT_8055%% udp;
    listen       127.0.0.1:%%PORT_8055%%;
    set          $key "key of $dns_qname";
    dns_limit    zone=limited;
    dns_forward  . one;
}
EOF_CONF

$t->upstream(8081, sub { { a => '192.0.2.1' } });
$t->upstream(8082, sub { { a => '192.0.2.2' } });

$t->run();

sub data {
    my ($port, $name, $proto) = @_;
    my $m = dns_query($t->port($port), $name, 'A', proto => $proto);

    return $m->{rcode} eq 'NOERROR' ? $m->{answers}[0]{data} : $m->{rcode};
}

for my $proto (qw/ udp tcp /) {
    is(data(8053, 'one.test', $proto), '192.0.2.1', "dns_pass, $proto");
    is(data(8053, 'two.test', $proto), '192.0.2.2', "another value, $proto");
}

# with one key for all there would be one server

my %of = map { data(8054, "n$_.test") => 1 } 1 .. 30;

is(join(' ', sort keys %of), '192.0.2.1 192.0.2.2', 'hash');

# an empty key is not limited

is(join(' ', map { data(8055, "$_.test", 'tcp') } qw/ a a b /),
   '192.0.2.1 REFUSED 192.0.2.1', 'dns_limit');
