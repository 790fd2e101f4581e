#!/usr/bin/perl

# Tests for health_check ... tcp: a server is checked over TCP, whatever its
# queries go over.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(5);

$t->write_stream(<<'EOF_CONF', pages => 'status');
dns_upstream stream {
    server        127.0.0.1:%%PORT_8081%%;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  interval=100ms fails=1 tcp;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . stream;
}
EOF_CONF

# one that answers checks over TCP alone, one that does over UDP alone

my @up = map {
    my $tcp = $_ == 8081;

    $t->upstream($_, sub {
        my ($query) = @_;

        return { rcode => 'SERVFAIL' }
            if $query->{qname} eq '.' && !$query->{tcp} == $tcp;
        return { a => $tcp ? '192.0.2.1' : '192.0.2.2' };
    }, tcp => 1, probes => 1);
} 8081, 8082;

$t->run();

sub servers { @{status($t->port(8080))->{upstreams}[0]{servers}} }

ok($t->wait_for(sub { !(servers())[1]{up} }), 'who fails over TCP is down');
is((servers())[0]{up}, 1, 'who answers there is up');
ok($t->wait_for(sub { (servers())[0]{checks_passed} >= 1 }), 'checked');

my $r = dns_bulk($t->port(8053), 20);

is($r->{'192.0.2.1'}, 20, 'and gets all queries');
is($up[0]->accepted() > 0, 1, 'by a connection');
