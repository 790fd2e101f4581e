#!/usr/bin/perl

# Tests for transfers of names that are never forwarded: no server sees them.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(13);

$t->write_stream(<<'EOF_CONF');
dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_local    localhost special reverse whoami=who.test;
    dns_host     192.0.2.1 z.test;
    dns_forward  . u;
    dns_forward  own.onion u;
}

server {
    listen       127.0.0.1:%%PORT_8054%% udp;
    listen       127.0.0.1:%%PORT_8054%%;
    dns_hosts    %%TESTDIR%%/hosts;
    dns_forward  . u;
}
EOF_CONF

$t->write_file('hosts', "192.0.2.1 a.test\n");

sub soa { [ $_[0], 'SOA', 60, 'ns.test hm.test 1 3600 600 86400 300' ] }

my $u = $t->upstream(8081, sub {
    my $soa = soa($_[0]{qname});
    return { answers => [ $soa, $soa ] };
}, tcp => 1);

$t->run();

sub transfer {
    my ($port, $name) = @_;

    my $r = dns_query($t->port($port), $name, 'AXFR', proto => 'tcp',
                      edns => 1232) // return 'none';

    return join ' ', $r->{rcode}, scalar @{$r->{answers}};
}

is(transfer(8053, $_), 'REFUSED 0', $_)
    for qw/ localhost a.localhost onion b.onion invalid resolver.arpa
            10.in-addr.arpa who.test /;
is(transfer(8054, $_), 'REFUSED 0', "$_, without fallthrough")
    for qw/ a.test b.test /;

is($u->count(), 0, 'no server is asked');

is(transfer(8053, 'own.onion'), 'NOERROR 2', 'a zone inside goes before');
is(transfer(8053, 'z.test'), 'NOERROR 2', 'a zone whose name is in a file');
