#!/usr/bin/perl

# Tests for answers of nginx's own about the root: names that are the root are
# written as they are, since a pointer to it is one octet longer, and is refused
# by Knot's library.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ encode decode /;

my $t = Test::Nginx::DNS->new()->plan(10);

$t->write_stream(<<'EOF_CONF');
server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_zone     .  { dns_return nxdomain; }
}

server {
    listen       127.0.0.1:%%PORT_8054%% udp;
    dns_zone     .  { dns_return nodata; }
}

server {
    listen       127.0.0.1:%%PORT_8055%% udp;
    dns_any      minimal;
    dns_zone     .  { dns_return refused; }
}
EOF_CONF

$t->run();

sub response {
    my ($port, $name, $type) = @_;

    return dns_raw($t->port($port),
                   encode(id => 1, flags => 0x100, question => [ $name, $type ]));
}

for my $of ([ 8053, 'a.test', 'NXDOMAIN' ], [ 8054, 'a.test', 'NOERROR' ],
            [ 8054, '.', 'NOERROR' ])
{
    my ($port, $name, $rcode) = @$of;
    my $octets = response($port, $name, 'A');
    my $r = decode($octets);

    is("$r->{rcode} $r->{authority}[0]{name} $r->{authority}[0]{type}",
       "$rcode . SOA", "$name: $rcode with the SOA of the root");
    unlike($octets, qr/\xc0/, "$name: no pointer");

    my $at = '@127.0.0.1 -p ' . $t->port($port);

    like(`kdig $at +noall +authority $name A 2>&1`,
         qr/^\.\s+60\s+IN\s+SOA\s+\.\s/m, "$name: kdig");
}

my $any = response(8055, '.', 'ANY');

unlike($any, qr/\xc0/, 'ANY: no pointer');
