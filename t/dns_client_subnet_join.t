#!/usr/bin/perl

# Tests for dns_client_subnet: questions in flight are joined for one network
# only.

use warnings;
use strict;

use Test::More;

use IO::Select;
use IO::Socket::IP;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ decode encode /;

my $t = Test::Nginx::DNS->new()->plan(3);

$t->write_stream(<<'EOF_CONF');
dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  off;
    hedge         off;
}

server {
    listen             127.0.0.1:%%PORT_8053%% udp;
    dns_forward        . u;
    dns_client_subnet  forward;

    # nothing is asked again, however busy the machine is

    dns_upstream_timeout  30s;
}
EOF_CONF

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    my ($ecs) = grep { $_->[0] == 8 } @{$query->{edns}{options} // []};

    return { a => $ecs && length $ecs->[1] > 4
                  ? join('.', unpack 'x4C3', $ecs->[1]) . '.1'
                  : '192.0.2.1',
             delay => 0.4 };
});

$t->run();

my $port = $t->port(8053);

# two clients of each network, one that is not told of, one without; all have
# asked long before the first answer

my @clients;

for my $net ((map { "10.0.$_" } 1 .. 20) x 2, '', undef) {
    my @bytes = split /\./, $net // '';
    my @options = defined $net
        ? [ 8, pack 'nCCC*', 1, 8 * @bytes, 0, @bytes ] : ();

    my $s = IO::Socket::IP->new(Proto => 'udp', PeerHost => '127.0.0.1',
                                PeerPort => $port) // die "$@\n";

    $s->send(encode(id => 1, flags => 0x0100, question => [ 'a.test', 'A' ],
                    edns => { size => 1232, options => \@options }));
    push @clients, [ $s, $net ? "$net.1" : '192.0.2.1' ];
}

my $bad = 0;

for (@clients) {
    my ($s, $address) = @$_;
    my $r;

    $s->recv(my $bytes, 65535) if IO::Select->new($s)->can_read(5);
    $r = decode($bytes) if defined $bytes;
    $bad++ if !$r || ($r->{answers}[0]{data} // '') ne $address;
}

is($bad, 0, 'each got the answer for its network');
is(queries(), 22, 'one question for each');

dns_query($port, 'a.test', 'A', edns => 1232);
is(queries(), 23, 'none is left in flight');


sub queries { my @queries = $u->queries(); return scalar @queries }
