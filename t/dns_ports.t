#!/usr/bin/perl

# Tests for unpredictability: source ports and IDs of queries to servers.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(7);

$t->write_stream(<<'EOF_CONF');
server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

my $u = $t->upstream(8081, sub { { a => '192.0.2.1' } });

$t->run();

my $port = $t->port(8053);

is_deeply(dns_bulk($port, 600, window => 1, sockets => 1),
          { '192.0.2.1' => 600 }, 'answered');

my @queries = $u->queries();
my (%ports, %ids);
my $steps = 0;

for my $i (0 .. $#queries) {
    $ports{$queries[$i]{port}}++;
    $ids{$queries[$i]{id}}++;
    $steps++ if $i && abs($queries[$i]{id} - $queries[$i - 1]{id}) < 16;
}

is(keys %ports, 32, 'a set of source ports');
cmp_ok((sort { $b <=> $a } values %ports)[0], '<', 60, 'evenly used');
cmp_ok(keys %ids, '>', 580, 'IDs do not repeat');
cmp_ok($steps, '<', 10, 'nor count');

# the client's ID is not the one that is sent

dns_query($port, 'id.test', 'A', id => $_) for 1 .. 20;
my $same = grep { $_->{name} eq 'id.test' && $_->{id} <= 20 } $u->queries();
cmp_ok($same, '<', 3, 'nor are they those of the client');

# sorted, they do not follow each other

my @sorted = sort { $a <=> $b } keys %ports;
my $next = grep { $sorted[$_] - $sorted[$_ - 1] == 2 } 1 .. $#sorted;
cmp_ok($next, '<', 8, 'ports do not follow each other');
