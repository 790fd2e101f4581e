#!/usr/bin/perl

# Tests for lost datagrams of a lone server: it is asked again.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

use Time::HiRes qw/ time /;

my $t = Test::Nginx::DNS->new()->plan(7);

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . u;
}
EOF_CONF

# each first query is lost

my $u = $t->upstream(8081, sub {
    my ($query) = @_;

    return $query->{n} || $query->{qname} =~ /^good/ ? { a => '192.0.2.1' }
                                                     : ();
});

$t->run();

my $port = $t->port(8053);

dns_query($port, 'good.test', 'A');

my $start = time();
my $r = dns_query($port, 'a.test', 'A');

is($r->{answers}[0]{data}, '192.0.2.1', 'answered');
cmp_ok(time() - $start, '<', 0.4, 'in time');
is($u->count('a.test'), 2, 'asked twice');

my @q = grep { $_->{name} eq 'a.test' } $u->queries();
isnt($q[0]{id}, $q[1]{id}, 'by another ID');

# of 32 ports, drawn by chance, it may be the same one, but not each time

my %twice;

for my $name (map { "p$_.test" } 1 .. 5) {
    dns_query($port, $name, 'A');

    my %ports = map { $_->{port} => 1 }
        grep { $_->{name} eq $name } $u->queries();

    $twice{$name}++ if keys %ports == 2;
}

cmp_ok(scalar keys %twice, '>', 0, 'and port');

is_deeply(dns_bulk($port, 50, window => 50, name => sub { "b$_[0].test" }),
          { '192.0.2.1' => 50 }, 'all of a burst');

my $page = metrics($t->port(8080));
my ($timeouts) = grep { /^nginx_dns_upstream_timeouts_total/ } keys %$page;
is($page->{$timeouts}, 0, 'no failure of the server');
