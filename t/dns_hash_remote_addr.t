#!/usr/bin/perl

# Tests for dns_upstream: hash of $remote_addr keeps a client at its server.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(4);

$t->write_stream(<<'EOF_CONF', workers => 2);
# a late answer must not send a query on to another server

dns_next_upstream off;

dns_upstream u {
    hash $remote_addr;
    server 127.0.0.1:%%PORT_8081%%;
    server 127.0.0.1:%%PORT_8082%%;
}

server {
    listen      127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward . u;
}
EOF_CONF

for my $n (1 .. 2) {
    $t->upstream(8080 + $n, sub {
        my ($query) = @_;
        return { a => "192.0.2.$n",
                 delay => $query->{qname} eq 'same.test' ? 0.3 : 0 };
    });
}

$t->run();

my $port = $t->port(8053);
my @clients = map { "127.0.0.$_" } 11 .. 50;
my (%server, $moved, $lost);

for my $client (@clients) {
    my $r = dns_bulk($port, 20, from => $client, window => 4, sockets => 4);

    $moved++ if keys %$r != 1;
    $lost++ if grep { !/^192/ } keys %$r;
    ($server{$client}) = keys %$r;
}

is($lost, undef, 'answered');
is($moved, undef, 'each client at one server');

my %share;
$share{$_}++ for values %server;

is(keys %share, 2, 'both servers have clients');

# the same question of two clients at once: each gets its own server's answer

my ($one) = grep { $server{$_} eq '192.0.2.1' } @clients;
my ($two) = grep { $server{$_} eq '192.0.2.2' } @clients;
my %got;

dns_bulk($port, 2, name => 'same.test', sockets => 2, from => [ $one, $two ],
         each => sub { $got{$_[0]} = $_[1] });

is("$got{0} $got{1}", '192.0.2.1 192.0.2.2', 'no sharing between clients');

###############################################################################
