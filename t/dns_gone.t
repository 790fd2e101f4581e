#!/usr/bin/perl

# Tests for clients that ask and go, over streams of HTTP/2 or connections that
# they reset.  What they have asked for goes on, but those of one address may
# have a part of dns_max_queries only, and others are answered.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::HTTP2;
use Test::Nginx::DNS::Message qw/ encode decode /;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::Stream;
use Socket qw/ SOL_SOCKET SO_LINGER /;

use constant { PLACES => 80, PART => 10, ROUNDS => 12, EACH => 10 };

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(12);

tls_certificate($t);

my $http2 = $t->newer(1, 25, 1) ? "http2 on;" : '';
my $listen = $http2 ? 'ssl' : 'ssl http2';

my $conf = <<'EOF_CONF';

%%TEST_GLOBALS%%

worker_processes 1;

events {
}

stream {
    dns_cache_zone  zone=c:1m;

    server {
        listen                     127.0.0.1:%%PORT_8053%%;
        dns_service                doh;
        dns_max_queries            80;
        dns_upstream_timeout       2m;
        dns_next_upstream_timeout  2m;
        dns_cache                  c;
        dns_forward                . 127.0.0.1:%%PORT_8081%%;
    }

    server {
        listen                     127.0.0.1:%%PORT_8054%%;
        dns_service                short;
        dns_max_queries            1;
        dns_upstream_timeout       500ms;
        dns_next_upstream_timeout  500ms;
        dns_forward                . 127.0.0.1:%%PORT_8081%%;
    }
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8443%% LISTEN;
        HTTP2

        ssl_certificate      %%TESTDIR%%/cert.pem;
        ssl_certificate_key  %%TESTDIR%%/key.pem;
        keepalive_requests   100000;

        location /dns-query { dns_over_https  doh; }
        location /short { dns_over_https  short; }
    }

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /metrics { dns_status  prometheus; }
    }
}

EOF_CONF

$conf =~ s/LISTEN/$listen/;
$conf =~ s/HTTP2/$http2/;

$t->write_file_expand('nginx.conf', $conf);

my $u = $t->upstream(8081, sub {
    return $_[0]{qname} =~ /^slow/ ? () : { a => '192.0.2.1', ttl => 1000 };
});

$t->run();

my $n = 0;

sub query { encode(id => 1, flags => 0x0100, question => [ $_[0], 'A' ]) }

sub slow { grep { /^slow/ } keys %{$u->names()} }

# when the last one is answered, or refused, the others have been looked at

sub over_https {
    my ($h) = @_;

    my @streams = $h->get(map { query("slow$n-$_.test") } 1 .. EACH);
    my $r = $h->response($h->get(query("fast$n.test")));

    $n++;
    $h->reset(@streams);

    return decode($r->{body})->{rcode};
}

sub over_stream {
    my $s = dns_connect($t->port(8053), from => '127.0.0.3');

    $s->send((map { [ "slow$n-$_.test", 'A' ] } 1 .. EACH),
             [ "fast$n.test", 'A' ]);

    my ($r, $fast) = ({ qname => '' }, $n++);

    $r = $s->answer() // last while $r->{qname} !~ /^fast$fast/;

    leave($s);

    return $r->{rcode};
}

sub leave {
    my ($s) = @_;

    $s->{socket}->setsockopt(SOL_SOCKET, SO_LINGER, pack('ii', 1, 0));
    $s->close();
}

sub attack {
    my ($name, $attack, $others) = @_;

    my $was = slow();
    my @said = map { $attack->() } 1 .. ROUNDS;
    my $asked = slow() - $was;

    is($said[0], 'NOERROR', "$name: the first ones");
    is($said[-1], 'REFUSED', "$name: then refused");
    cmp_ok($asked, '<=', PART + EACH, "$name: a part of the places");
    is($others->(), 'NOERROR', "$name: somebody else has an answer");

    return;
}

my $web = http2_connect($t->port(8443));

attack('HTTP/2', sub { over_https($web) }, sub {
    my $h = http2_connect($t->port(8443), from => '127.0.0.2');
    return decode($h->response($h->get(query('else.test')))->{body})->{rcode};
});

is(decode($web->response($web->get(query('fast0.test')))->{body})->{rcode},
   'NOERROR', 'HTTP/2: what the cache has');

attack('TCP', sub { over_stream() }, sub {
    my $s = dns_connect($t->port(8053), from => '127.0.0.2');
    $s->send([ 'other.test', 'A' ]);
    return $s->answer()->{rcode};
});

cmp_ok(metrics($t->port(8080))->{'nginx_dns_failed_total{reason="overload"}'},
       '>', 0, 'refusals are counted');

# when what was asked for ends its client is as all others

my $s = dns_connect($t->port(8054));

$s->send([ 'slow.stream.test', 'A' ]);
$t->wait_for(sub { $u->count('slow.stream.test') });
leave($s);

ok($t->wait_for(sub {
    my $s = dns_connect($t->port(8054));
    $s->send([ 'stream' . $n++ . '.test', 'A' ]);
    return $s->answer()->{rcode} eq 'NOERROR';
}), 'TCP: answered again');

$web = http2_connect($t->port(8443), uri => '/short');

my $stream = $web->get(query('slow.web.test'));

$t->wait_for(sub { $u->count('slow.web.test') });
$web->reset($stream);

ok($t->wait_for(sub {
    my $r = $web->response($web->get(query('web' . $n++ . '.test')));
    return decode($r->{body})->{rcode} eq 'NOERROR';
}), 'HTTP/2: answered again');
