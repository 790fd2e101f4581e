#!/usr/bin/perl

# Tests for clients over TCP and TLS that always have queries in flight, at a
# reload: what was read of them is answered, then the old worker goes.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Stream;

use Time::HiRes qw/ time /;

my $t = Test::Nginx::DNS->new()->has('ssl')->plan(9);

tls_certificate($t);

$t->write_stream(<<'EOF_CONF');
server {
    listen               127.0.0.1:%%PORT_8053%%;
    listen               127.0.0.1:%%PORT_8853%% ssl;
    ssl_certificate      %%TESTDIR%%/cert.pem;
    ssl_certificate_key  %%TESTDIR%%/key.pem;
    dns_forward          . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

my $u = $t->upstream(8081, sub { { a => '192.0.2.1', delay => 0.1 } });

$t->run();

busy('TCP', dns_connect($t->port(8053)));
busy('TLS', dns_connect($t->port(8853), tls => 1));

# who connects again is served

my $again = dns_connect($t->port(8053));

$again->send([ 'a.test', 'A' ]);
is($again->answer()->{answers}[0]{data}, '192.0.2.1', 'the new one serves');


sub busy {
    my ($what, $s) = @_;

    my ($old) = $t->workers();
    my ($sent, $answered, $end, $start) = (0, 0, time() + 15);

    $u->reset();

    # ten are in flight, always

    $s->send([ 'n' . $sent++ . '.test', 'A' ]) for 1 .. 10;

    while (time() < $end) {
        $s->answer(5) or last;
        $answered++;

        if ($answered == 20) {
            $start = time();
            $t->signal('HUP');
        }

        $s->send([ 'n' . $sent++ . '.test', 'A' ]);
    }

    cmp_ok(time() - $start, '<', 12, "$what: closed");
    ok($t->wait_for(sub { !kill 0, $old }, 5), "$what: the old worker has gone");
    is($answered, $u->count(), "$what: what it has read is answered");
    cmp_ok($sent - $answered, '<=', 11, "$what: what it has not is to be asked");
}
