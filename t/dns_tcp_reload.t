#!/usr/bin/perl

# Tests for connections of clients at a reload and at the end of a worker.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Stream;

use Time::HiRes qw/ sleep /;

my $t = Test::Nginx::DNS->new()->plan(14);

tls_certificate($t);

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

worker_processes 1;
worker_shutdown_timeout  2s;

events {
}

stream {
    dns_upstream u {
        server        127.0.0.1:%%PORT_8081%%;
        health_check  off;
    }

    dns_upstream_timeout       5s;
    dns_next_upstream_timeout  5s;

    server {
        listen               127.0.0.1:%%PORT_8053%%;
        listen               127.0.0.1:%%PORT_8853%% ssl;
        ssl_certificate      %%TESTDIR%%/cert.pem;
        ssl_certificate_key  %%TESTDIR%%/key.pem;
        dns_forward          . u;
    }
}

EOF_CONF

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    my $name = $query->{qname};

    return () if $name =~ /^silent/;
    return { a => '192.0.2.1', delay => $name =~ /^slow/ ? 0.5 : 0 };
});

$t->run();

my ($port, $tls) = ($t->port(8053), $t->port(8853));

sub asked {
    my ($s, $name) = @_;

    $s->send([ $name, 'A' ]);
    my $r = $s->answer();

    return $r ? $r->{answers}[0]{data} // $r->{rcode} : 'none';
}

my ($old) = $t->workers();

# used and idle; used and busy; not yet used; with half a query

my $idle = dns_connect($port);
my $idle_tls = dns_connect($tls, tls => 1);
my $busy = dns_connect($port);
my $fresh = dns_connect($port);
my $half = dns_connect($port);

asked($_, 'a.test') for $idle, $idle_tls, $busy;

my $query = frame(Test::Nginx::DNS::Message::encode(
    id => 7, flags => 0x0100, question => [ 'half.test', 'A' ]));

$busy->send([ 'slow.test', 'A' ]);
$half->write(substr $query, 0, 10);
ok($t->wait_for(sub { $u->count('slow.test') }), 'asked');
sleep 0.1;

$t->reload();

ok($idle->closed(1), 'idle: closed');
ok($idle_tls->closed(1), 'idle over TLS: closed');
is(asked($fresh, 'b.test'), '192.0.2.1', 'not yet used: served');
ok($fresh->closed(1), 'and closed then');

$half->write(substr $query, 10);
is($half->answer()->{id}, 7, 'half a query: the rest, too');
is($busy->answer()->{answers}[0]{data}, '192.0.2.1', 'busy: answered');
ok($busy->closed(1), 'and closed then');

ok($t->wait_for(sub { !kill 0, $old }, 5), 'the old worker has gone');

my $new = dns_connect($port);
is(asked($new, 'c.test'), '192.0.2.1', 'the new one serves');

# a client that goes on as RFC 7766 says: what was not answered is asked again

my ($answered, $again) = (0, 0);
my $s = dns_connect($port);

for my $n (1 .. 300) {
    $t->signal('HUP') if $n % 100 == 50;

    for (1 .. 3) {
        my $answer = $s->send([ "q$n.test", 'A' ]) && $s->answer();

        if ($answer) {
            $answered++ if $answer->{answers}[0]{data} eq '192.0.2.1';
            last;
        }

        $again++;
        $s = dns_connect($port);
    }

    sleep 0.002;
}

is($answered, 300, 'all are answered over three reloads');
cmp_ok($again, '<=', 3, 'asked again once a reload at most');

# worker_shutdown_timeout

my $last = dns_connect($port);
asked($last, 'd.test');
$last->send([ 'silent.test', 'A' ]);
$t->wait_for(sub { $u->count('silent.test') });
$t->signal('HUP');

is($last->answer(4)->{rcode}, 'SERVFAIL', 'SERVFAIL when time is over');
ok($last->closed(1), 'and the end');
