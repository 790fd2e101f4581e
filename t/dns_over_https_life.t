#!/usr/bin/perl

# Tests for dns_over_https: requests that are aborted, reload and quit with
# requests in flight, and what nginx does in a location and in a server.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::HTTPS;
use Test::Nginx::DNS::Message qw/ encode decode /;
use Test::Nginx::DNS::Status;

use IO::Socket::INET;

my $t = Test::Nginx::DNS->new()->has('http_realip')->plan(14);

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

worker_processes 1;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    limit_req_zone  $http_x_key zone=r:1m rate=1r/m;

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        set_real_ip_from  127.0.0.1;
        real_ip_header    X-Real-IP;

        location /metrics {
            dns_status  prometheus;
        }

        location /dns-query {
            dns_over_https  doh;
        }

        location /limited {
            dns_over_https  doh;
            limit_req       zone=r;
        }

        location /secret {
            dns_over_https  doh;
            auth_basic            "dns";
            auth_basic_user_file  %%TESTDIR%%/users;
        }

        location /few {
            dns_over_https  few;
        }
    }
}

stream {
    log_format  f  '$remote_addr $dns_qname $dns_rcode $dns_error';

    server {
        dns_service  doh;
        access_log   %%TESTDIR%%/dns.log f;
        deny         192.0.2.66;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
    }

    server {
        dns_service      few;
        dns_max_queries  1;
        dns_forward      . 127.0.0.1:%%PORT_8081%%;
    }
}

EOF_CONF

$t->write_file('users', "a:{PLAIN}b\n");

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    return { a => '192.0.2.1', delay => $query->{qname} =~ /^slow/ ? 0.5 : 0 };
});

$t->run();

my $web = $t->port(8080);

sub query { encode(id => 0, flags => 0x0100, question => [ $_[0], 'A' ]) }
sub address { decode($_[0]->{body} // '')->{answers}[0]{data} // 'none' }

sub asked {
    my ($name, $uri) = @_;

    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $web)
        or die "no connection: $!";

    $s->autoflush(1);
    print $s 'GET ', $uri // '/dns-query', '?dns=', doh_argument(query($name)),
        " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

    my $n = $u->count($name);
    $t->wait_for(sub { $u->count($name) }) if !$n && !$uri;

    return $s;
}

sub unsent {
    total(metrics($web), 'nginx_dns_dropped_total', qr/unsent/);
}

# what nginx does

is(address(doh($web, 'GET', query('a.test'))), '192.0.2.1', 'answer');
is(doh($web, 'GET', query('denied.test'),
       headers => [ 'X-Real-IP: 192.0.2.66' ])->{status}, 403, 'deny');

my @limited = map { doh($web, 'GET', query('a.test'), uri => '/limited',
                        headers => [ 'X-Key: 1' ])->{status} } 1, 2;
is("@limited", '200 503', 'limit_req');

is(doh($web, 'GET', query('a.test'), uri => '/secret')->{status}, 401,
   'auth_basic');
is(address(doh($web, 'GET', query('a.test'), uri => '/secret',
               headers => [ 'Authorization: Basic YTpi' ])), '192.0.2.1',
   'auth_basic with a password');

# too many

my $s = asked('slow0.test', '/few');
$t->wait_for(sub { $u->count('slow0.test') });
is(decode(doh($web, 'GET', query('b.test'), uri => '/few')->{body})->{rcode},
   'REFUSED', 'dns_max_queries');
is(address(Test::Nginx::DNS::HTTPS::doh_response($s)), '192.0.2.1',
   'the one before');

# clients that go away

my $unsent = unsent();

close $_ for map { asked("slow$_.abort.test") } 1 .. 20;

ok($t->wait_for(sub {
    unsent() - $unsent == 20
}), 'aborted requests');
is(address(doh($web, 'GET', query('a.test'))), '192.0.2.1', 'answer after');

# reload, and quit

my @s = map { asked("slow$_.reload.test") } 1 .. 20;
$t->reload();
is((grep { address(Test::Nginx::DNS::HTTPS::doh_response($_)) eq '192.0.2.1' }
    @s), 20, 'reload');

@s = map { asked("slow$_.quit.test") } 1 .. 20;
$t->signal('QUIT');
is((grep { address(Test::Nginx::DNS::HTTPS::doh_response($_)) eq '192.0.2.1' }
    @s), 20, 'quit');
ok($t->wait_for(sub { $t->gone($t->pid()) }), 'gone');

my $log = $t->read_file('dns.log');

like($log, qr/^127\.0\.0\.1 a\.test NOERROR -$/m, 'log');
like($log, qr/^192\.0\.2\.66 denied\.test - access denied$/m,
     'log of the denied');
