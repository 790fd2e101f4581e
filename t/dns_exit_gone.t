#!/usr/bin/perl

# Tests for a worker that exits while it has queries of clients that have gone,
# over TCP and over HTTPS.  What fails here is what sanitizers find at its exit.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::HTTPS;
use Test::Nginx::DNS::Message qw/ encode /;
use Test::Nginx::DNS::Stream;

use IO::Socket::INET;
use Socket qw/ SOL_SOCKET SO_LINGER /;
use Time::HiRes qw/ sleep /;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(6);

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

worker_processes 1;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /dns-query {
            dns_over_https  doh;
        }
    }
}

stream {
    dns_upstream_timeout       20s;
    dns_next_upstream_timeout  20s;

    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        listen       127.0.0.1:%%PORT_8053%%;
        dns_service  doh;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
    }
}

EOF_CONF

my $u = $t->upstream(8081, sub {
    return $_[0]->{qname} =~ /^silent/ ? () : { a => '192.0.2.1' };
});

# a connection that ends with a reset: its client takes no answer any more

sub reset_it {
    my ($socket) = @_;

    setsockopt $socket, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
    close $socket;
}

for my $signal (qw/ TERM QUIT /) {
    $t->run();

    my $port = $t->port(8053);

    for my $n (1 .. 10) {
        my $s = dns_connect($port);

        $s->send([ "silent$n.$signal.test", 'A' ]);
        $t->wait_for(sub { $u->count("silent$n.$signal.test") });
        reset_it($s->{socket});
    }

    for my $n (11 .. 20) {
        my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                      PeerPort => $t->port(8080)) or die;
        my $q = encode(id => 0, flags => 0x0100,
                       question => [ "silent$n.$signal.test", 'A' ]);

        syswrite $s, join "\r\n", 'GET /dns-query?dns=' . doh_argument($q)
            . ' HTTP/1.1', 'Host: localhost', '', '';
        $t->wait_for(sub { $u->count("silent$n.$signal.test") });
        reset_it($s);
    }

    is($u->count("silent20.$signal.test"), 1, "asked, $signal");
    is(dns_query($port, "a.$signal.test", 'A')->{rcode}, 'NOERROR',
       'the others are answered');

    my ($worker) = $t->workers();

    $t->signal($signal);

    if ($signal eq 'QUIT') {
        sleep 0.2;
        $t->signal('TERM');
    }

    ok($t->wait_for(sub { $t->gone($worker) }, 5), 'the worker exits');
    $t->stop() if $signal eq 'TERM';
}
