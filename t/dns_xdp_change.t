#!/usr/bin/perl

# Tests for dns_xdp: what the kernel answers is given up when it is purged, when
# a hosts file says otherwise, at the end of its TTL and by a reload.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::XDP;

my $t = own_kernel()->plan(20);

my $conf = <<'EOF_CONF';
dns_cache_zone  zone=c:1m;
dns_xdp         lo;

server {
    listen        127.0.0.1:%%PORT_8053%% udp;
    dns_cache     c;
    dns_xdp       on;
    dns_hosts     %%TESTDIR%%/hosts fallthrough;
    dns_forward   . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

$t->write_file('hosts', "192.0.2.77 host.test\n");
$t->write_stream($conf, workers => 2, pages => 'metrics control');

my $up = $t->upstream(8081, sub {
    my ($query, $state) = @_;
    return { a => $state->{addr} // '192.0.2.1',
             ttl => $query->{qname} =~ /^short/ ? 3 : 60 };
});

$t->run();

my $page = $t->port(8080);

# a purge counts when it has its answer

is(hot('a.test'), '192.0.2.1', 'answered by the kernel');
$up->set(addr => '192.0.2.2');
is(data('a.test'), '192.0.2.1', 'as long as it is in the cache');

purge('a.test');
is(data('a.test'), '192.0.2.2', 'not after a purge');
is(hot('a.test'), '192.0.2.2', 'then the new one');

for my $i (3 .. 12) {
    hot('a.test');
    $up->set(addr => "192.0.2.$i");
    purge('a.test');
    $_ eq "192.0.2.$i" or fail("purge $i: $_") for data('a.test');
}

is(data('a.test'), '192.0.2.12', 'again and again');

# a hosts file

is(data('host.test'), '192.0.2.77', 'a name of a hosts file');
is(hot('b.test'), '192.0.2.12', 'another one');

my $n = answered($page);

data('host.test') for 1 .. 6;
is(answered($page), $n, 'names of files are left to the socket');

$t->write_file('hosts', "192.0.2.77 host.test\n192.0.2.88 b.test\n");

ok($t->wait_for(sub { data('b.test') eq '192.0.2.88' }, 8),
   'a file is changed');
is(data('b.test'), '192.0.2.88', 'once and for all') for 1 .. 3;

# the end of a TTL

$up->set(addr => '192.0.2.20');
is(hot('short.test'), '192.0.2.20', 'a short TTL');

$up->set(addr => '192.0.2.21');

my %ttl;

$t->wait_for(sub {
    my $m = dns_query($t->port(8053), 'short.test', 'A');
    $ttl{$m->{answers}[0]{ttl}} = 1;
    return $m->{answers}[0]{data} eq '192.0.2.21';
}, 6);

ok(!$ttl{0}, 'never a TTL of 0');
is(data('short.test'), '192.0.2.21', 'asked for again at its end');
is(hot('short.test'), '192.0.2.21', 'and the kernel gets the new one');

# a reload

is(hot('c.test'), '192.0.2.21', 'before a reload');

$t->write_stream($conf =~ s/fallthrough;/fallthrough;\n    dns_cache off;/r
                       =~ s/    dns_cache     c;\n//r
                       =~ s/dns_xdp       on/dns_xdp off/r,
                 workers => 2, pages => 'metrics control');
$up->set(addr => '192.0.2.30');
ok($t->reload(), 'without a cache');

is(data('c.test'), '192.0.2.30', 'another one');
is(attached('lo'), '', 'no program');

###############################################################################

sub data {
    my ($name) = @_;

    my $m = dns_query($t->port(8053), $name, 'A');

    return $m ? $m->{answers}[0]{data} // $m->{rcode} : 'no answer';
}

sub hot {
    my ($name) = @_;

    return until_hot($t, $page, sub { data($name) });
}

sub purge {
    my ($name) = @_;

    http($page, "/dns/caches/c/purge?name=$name", method => 'POST');
}

###############################################################################
