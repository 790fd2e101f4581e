#!/usr/bin/perl

# Tests for dns_upstream: hash sends equal keys to the same server, in all
# workers and after a reload.

use warnings;
use strict;

use List::Util qw/ shuffle /;
use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(9);

$t->write_stream(<<'EOF_CONF', workers => 2);
# a late answer must not send a query on to another server

dns_next_upstream off;

dns_upstream by_name {
    hash $dns_qname;
    server 127.0.0.1:%%PORT_8081%%;
    server 127.0.0.1:%%PORT_8082%%;
    server 127.0.0.1:%%PORT_8083%% weight=2;
}

dns_upstream by_both {
    hash $dns_qtype/$dns_qname;
    server 127.0.0.1:%%PORT_8081%%;
    server 127.0.0.1:%%PORT_8082%%;
    server 127.0.0.1:%%PORT_8083%%;
}

server {
    listen      127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward . by_name;
}

server {
    listen      127.0.0.1:%%PORT_8054%% udp reuseport;
    dns_forward . by_both;
}
EOF_CONF

for my $n (1 .. 3) {
    $t->upstream(8080 + $n, sub {
        my ($query) = @_;
        return { answers => [ [ $query->{qname_raw}, 'A', 60,
                                "192.0.2.$n" ] ] };
    });
}

$t->run();

my $port = $t->port(8053);

# over many sockets the names meet both workers, in another order each time

my %first = where($port, 'A');
my %again = where($port, 'A');

is(keys %first, 400, 'answered');
is_deeply(\%again, \%first, 'same server');

my %share;
$share{$_}++ for values %first;

cmp_ok($share{'192.0.2.1'}, '>', 50, 'share of the first');
cmp_ok($share{'192.0.2.2'}, '>', 50, 'share of the second');
cmp_ok($share{'192.0.2.3'}, '>', 140, 'share of the third, weight');

my %types = map { my $type = $_; map {
    dns_query($port, "q7.test", $type)->{answers}[0]{data} => 1
} 1 .. 5 } qw/ A TXT MX /;

is(keys %types, 1, 'type is not in the key');

ok($t->reload(), 'reload');

%again = where($port, 'A');
is_deeply(\%again, \%first, 'same server after a reload');

my %a = where($t->port(8054), 'A');
my %mx = where($t->port(8054), 'MX');

cmp_ok(scalar(grep { $a{$_} ne $mx{$_} } keys %a), '>', 100,
       'several variables in the key');

###############################################################################

sub where {
    my ($port, $type) = @_;

    my %where;
    my @names = shuffle map { "q$_.test" } 1 .. 400;

    dns_bulk($port, 400, type => $type, window => 8, sockets => 16,
        name => sub { $names[$_[0]] },
        each => sub { $where{$names[$_[0]]} = $_[1] });

    return %where;
}

###############################################################################
