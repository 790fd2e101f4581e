#!/usr/bin/perl

# Tests with the stub resolver of glibc, the one in most programs: getent asks
# nginx in front of nsd and knot, in a network and with a resolv.conf of its
# own.  Misses and hits alike must neither fail nor take long.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Authority;
use Test::Nginx::DNS::Namespace;
use Socket ();
use Time::HiRes qw/ time /;

own_network();

my $t = Test::Nginx::DNS->new()->plan(81);

# getaddrinfo() does not ask for addresses of a kind that the machine has none
# of, those of the loopback aside

must(qw/ ip addr add 192.0.2.100 dev lo /);
must(qw/ ip -6 addr add 2001:db8::100 dev lo nodad /);

over($t, '/etc/nsswitch.conf', "hosts: dns\n");
over($t, '/etc/resolv.conf', "nameserver 127.0.0.1\n");

$t->write_stream(<<'EOF_CONF');
dns_cache_zone  zone=c:1m;

log_format  f  '$dns_qname $dns_qtype $protocol $dns_cache_status';
access_log  %%TESTDIR%%/dns.log f;

dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  interval=100ms;
}

server {
    listen       127.0.0.1:53 udp;
    listen       127.0.0.1:53;
    dns_forward  . u;
    dns_cache    c;
}
EOF_CONF

my @long = map { "192.0.2.$_" } 1 .. 100;

$t->write_file('zone', zone('test', map {
    my $kind = $_;

    "four.$kind A 192.0.2.1", "six.$kind AAAA 2001:db8::1",
    "both.$kind A 192.0.2.2", "both.$kind AAAA 2001:db8::2",
    "alias.$kind CNAME both.$kind", "text.$kind TXT text",
    map { "long.$kind A $_" } @long;
} qw/ plain edns /));

my $nsd = nsd($t, 8081, test => 'zone');
my $knot = knot($t, 8082, test => 'zone');

$t->run();

my $slowest = 0;

# (exit code, the addresses, sorted)

sub getent {
    my ($how, $name) = @_;

    my $start = time();
    my $said = `getent $how $name 2>&1`;
    my $code = $? >> 8;
    my $took = time() - $start;

    $slowest = $took if $took > $slowest;

    my %seen = map { $_ => 1 } $said =~ /^([0-9a-f.:]+)\s/mg;

    return join ' ', $code, sort keys %seen;
}

# why a name has no address: what getaddrinfo() says

sub failure {
    my ($name) = @_;

    my $start = time();
    my ($err) = Socket::getaddrinfo($name, 53);
    my $took = time() - $start;

    $slowest = $took if $took > $slowest;

    return "$err";
}

for my $kind (qw/ plain edns /) {

    over($t, '/etc/resolv.conf', "nameserver 127.0.0.1\n"
         . ($kind eq 'edns' ? "options edns0\n" : ''));

    for my $try (qw/ miss hit again /) {
        my $what = "$kind, $try";

        is(getent('ahosts', "four.$kind.test"), '0 192.0.2.1', "A, $what");
        is(getent('hosts', "four.$kind.test"), '0 192.0.2.1', "hosts, $what");
        is(getent('ahosts', "six.$kind.test"), '0 2001:db8::1',
           "AAAA, $what");
        is(getent('ahosts', "both.$kind.test"), '0 192.0.2.2 2001:db8::2',
           "both, $what");
        is(getent('ahosts', "alias.$kind.test"), '0 192.0.2.2 2001:db8::2',
           "CNAME, $what");
        is(getent('ahostsv4', "six.$kind.test"), '2', "no data, $what");
        is(getent('ahostsv6', "four.$kind.test") =~ s/::ffff://r,
           '0 192.0.2.1', "no AAAA, $what");
        is(getent('ahosts', "long.$kind.test"), join(' ', 0, sort @long),
           "too long for UDP, $what");
        is(getent('hosts', "long.$kind.test"), join(' ', 0, sort @long),
           "hosts, too long for UDP, $what");

        # what is not there is not there, and does not fail for a while

        is(getent('ahosts', "none.$kind.test"), '2', "NXDOMAIN, $what");
        like(failure("none.$kind.test"), qr/not known/, 'not known');
        like(failure("text.$kind.test"), qr/No address/, 'no address');
    }
}

cmp_ok($slowest, '<', 1, 'nothing took long');

$t->stop();

my $log = $t->read_file('dns.log');

for my $kind (qw/ plain edns /) {
    like($log, qr/^four.$kind.test A UDP HIT$/m, "$kind: hits");
    like($log, qr/^none.$kind.test AAAA UDP HIT$/m, 'NXDOMAIN, too');
    like($log, qr/^long.$kind.test A UDP HIT$/m, 'over UDP');
    like($log, qr/^long.$kind.test A TCP HIT$/m, 'then TCP');
}
