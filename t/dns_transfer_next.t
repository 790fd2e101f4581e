#!/usr/bin/perl

# Tests for zone transfers when a server fails: dns_next_upstream, its tries,
# timeout and budget are for them as for any query.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->plan(19);

$t->write_stream(<<'EOF_CONF');
dns_upstream_timeout  300ms;

dns_upstream two {
    sequential;
    server        127.0.0.1:%%PORT_8081%% max_fails=0;
    server        127.0.0.1:%%PORT_8082%% max_fails=0;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  . two;
}

server {
    listen             127.0.0.1:%%PORT_8054%%;
    dns_forward        . two;
    dns_next_upstream  off;
}

server {
    listen             127.0.0.1:%%PORT_8055%%;
    dns_forward        . two;
    dns_next_upstream  servfail;
}

server {
    listen                     127.0.0.1:%%PORT_8056%%;
    dns_forward                . two;
    dns_next_upstream_timeout  200ms;
}

# what is saved up at the start is 1000, and then 10 a second are free

dns_upstream saved {
    sequential;
    server        127.0.0.1:%%PORT_8081%% max_fails=0;
    server        127.0.0.1:%%PORT_8082%% max_fails=0;
    health_check  off;
}

server {
    listen                    127.0.0.1:%%PORT_8057%%;
    listen                    127.0.0.1:%%PORT_8057%% udp;
    dns_forward               . saved;
    dns_next_upstream_budget  1%;
}
EOF_CONF

# what the first server does stands in the name; with "both" so does the other

sub fails {
    my ($query) = @_;
    my ($how) = $query->{qname} =~ /^(\w+)/;

    return () if $how eq 'silent';
    return { truncate => 8, close => 'after' } if $how eq 'short';
    return { close => 1 } if $how eq 'close';
    return { rcode => uc $how };
}

sub zone {
    my ($query, $n) = @_;
    my $soa = [ $query->{qname}, 'SOA', 60, "ns.test hm.test $n 1 1 1 1" ];

    return { answers => [ $soa, $soa ] };
}

$t->upstream(8081, \&fails, tcp => 1);

my $second = $t->upstream(8082, sub {
    return $_[0]{qname} =~ /both/ ? { rcode => 'REFUSED' } : zone($_[0], 2);
}, tcp => 1);

$t->run();

sub transfer {
    my ($port, $name) = @_;

    my $s = dns_connect($t->port($port));
    $s->send([ $name, 'AXFR' ]);

    my $r = $s->answer(2) or return 'nothing';

    return $r->{rcode} eq 'NOERROR' ? 'zone' : $r->{rcode};
}

# by default

for my $how (qw/ servfail refused notauth notimp formerr close silent short /) {
    is(transfer(8053, "$how.all"), 'zone', "$how: the next server is asked");
}

is(transfer(8053, 'nxdomain.all'), 'NXDOMAIN', 'NXDOMAIN is an answer');
is(transfer(8053, 'close.both'), 'REFUSED', 'a word is worth more than none');
is(transfer(8053, 'notimp.both'), 'REFUSED', 'the last one counts');

# or not

is(transfer(8054, 'servfail.off'), 'SERVFAIL', 'off: SERVFAIL');
is(transfer(8054, 'close.off'), 'SERVFAIL', 'off: closed');
is(transfer(8055, 'servfail.some'), 'zone', 'one of them: SERVFAIL');
is(transfer(8055, 'notimp.some'), 'NOTIMP', 'NOTIMP is another');
is(transfer(8055, 'silent.some'), 'SERVFAIL', 'and so is silence');

# in time

is(transfer(8056, 'silent.late'), 'SERVFAIL', 'no time is left');
is($second->count('silent.late'), 0, 'for the second server');

# within the budget

dns_bulk($t->port(8057), 1300, name => sub { "refused.$_[0].udp" });

my %got;
$got{transfer(8057, "refused.$_")}++ for 1 .. 60;
cmp_ok($got{REFUSED} // 0, '>', 0, 'no more than what is free');
