#!/usr/bin/perl

# Tests for sockets to servers that can't be had, over UDP, TCP and TLS: each
# query gets an answer, no server is blamed, and no descriptor stays open.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Certificate;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)
    ->allow(qr/\(24: Too many open files\)/, qr/\(12: Cannot allocate memory\)/,
            qr/\(28: No space left on device\)/,
            qr/\(99: (?:Cannot|Can't) assign requested address\)/);
my $shim = $t->shim('socket');
my $ca = Test::Nginx::DNS::Certificate->new($t);
my $dir = $t->testdir();

$ca->issue('one', 'IP:127.0.0.1');

$t->plan(29);

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

env SOCKET_SHIM;

worker_processes 1;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /status {
            dns_status  json;
        }
    }
}

stream {
    server {
        listen               127.0.0.1:%%PORT_8100%% ssl;
        ssl_certificate      %%TESTDIR%%/one.pem;
        ssl_certificate_key  %%TESTDIR%%/one.key;
        dns_forward          . 127.0.0.1:%%PORT_8081%%;
    }

    dns_upstream udp {
        server        127.0.0.1:%%PORT_8081%%;
        server        127.0.0.1:%%PORT_8082%%;
        health_check  off;
    }

    dns_upstream tcp {
        server              tcp://127.0.0.1:%%PORT_8081%%;
        server              tcp://127.0.0.1:%%PORT_8082%%;
        health_check        off;
        keepalive_requests  3;
        keepalive_timeout   300ms;
    }

    dns_upstream tls {
        server              tls://127.0.0.1:%%PORT_8100%%;
        health_check        off;
        keepalive_requests  3;
        keepalive_timeout   300ms;
        ssl_trusted_certificate  %%TESTDIR%%/ca.pem;
    }

    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        listen       127.0.0.1:%%PORT_8053%%;
        dns_forward  udp.test udp;
        dns_forward  tcp.test tcp;
        dns_forward  tls.test tls;
    }
}

EOF_CONF

# the SOA alone, at both ends, is a whole zone

$t->upstream($_, sub {
    my ($query) = @_;
    my @soa = ([ $query->{qname}, 'SOA', 60, 'ns hm 1 1 1 1 1' ]) x 2;

    return $query->{qtype} eq 'AXFR' ? { answers => \@soa, aa => 1 }
                                     : { a => '192.0.2.1' };
}, tcp => 1) for 8081, 8082;

{
    local $ENV{LD_PRELOAD} = $shim;
    local $ENV{SOCKET_SHIM} = "$dir/faults";

    $t->run();
}

my ($worker) = $t->workers();
my @kinds = qw/ udp tcp tls /;

sub bulk {
    my ($kind, $n) = @_;

    return dns_bulk($t->port(8053), $n, name => sub { "q$_[0].$$.$kind.test" });
}

# what becomes of so many transfers

sub transfers {
    my ($kind, $n) = @_;
    my %got;

    for (1 .. $n) {
        my $r = dns_query($t->port(8053), "zone.$kind.test", 'AXFR',
                          proto => 'tcp', timeout => 5);

        $got{!$r ? 'none' : $r->{rcode}}++;
    }

    return \%got;
}

sub files { my @files = glob "/proc/$worker/fd/*"; return scalar @files }

for my $kind (@kinds) {
    is(bulk($kind, 50)->{'192.0.2.1'}, 50, "$kind: all is well");
}

# twice: after the first time there are about as many sockets as there ever
# are; if those of calls that failed stayed, there would be hundreds more

my $files;

for my $round (1, 2) {
    $t->write_file('faults', '');

    for my $kind (@kinds) {
        my $r = bulk($kind, 300);
        my $answered = ($r->{SERVFAIL} // 0) + ($r->{'192.0.2.1'} // 0);

        is($answered, 300, "$kind: each is answered") or diag explain $r;
    }

    # the client's own connection may be closed, too, at once

    for my $kind (qw/ tcp tls /) {
        my $end = time() + 20;
        my $r = transfers($kind, 40);
        my $ended = 0;

        $ended += $_ for map { $_ // 0 } @{$r}{qw/ SERVFAIL NOERROR none /};

        ok($ended == 40 && time() < $end, "$kind: each transfer ends")
            or diag explain $r;
    }

    unlink "$dir/faults";

    for my $kind (@kinds) {
        is(bulk($kind, 300)->{'192.0.2.1'}, 300, "$kind: then all is well");
        is(transfers($kind, 3)->{NOERROR}, 3, "$kind: transfers, too");
    }

    $files = files() if $round == 1;
}

my @servers = map { @{$_->{servers}} } @{status($t->port(8080))->{upstreams}};

is(scalar(grep { !$_->{up} } @servers), 0, 'no server is blamed');
is(scalar(grep { $_->{outstanding} } @servers), 0, 'nothing is outstanding');
ok($t->wait_for(sub { files() <= $files + 40 }), 'no descriptor stays open')
    or diag(files() . ", before: $files");
is(($t->workers())[0], $worker, 'the worker is the same');
