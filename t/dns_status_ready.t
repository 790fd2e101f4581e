#!/usr/bin/perl

# Tests for dns_status ready: 200 while each upstream has a usable server, else
# 503 with the reasons.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(17);

my $conf = <<'EOF_CONF';

%%TEST_GLOBALS%%

worker_processes  2;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /ready {
            dns_status  ready;
        }

        location /good {
            dns_status  ready upstream=good;
        }

        location /dead {
            dns_status  ready upstream=good upstream=127.0.0.1:%%PORT_8081%%
                        "upstream=de\"ad";
        }

        location /metrics {
            dns_status  prometheus;
        }
    }
}

stream {
    dns_upstream good {
        health_check  interval=100ms;
        server  127.0.0.1:%%PORT_8081%%;
        server  127.0.0.1:%%PORT_8089%%;
    }

    dns_upstream "de\"ad" {
        health_check  interval=100ms;
        server  127.0.0.1:%%PORT_8088%%;
        server  127.0.0.1:%%PORT_8089%%;
    }

    dns_upstream unused {
        server  127.0.0.1:%%PORT_8089%% down;
    }

    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        dns_forward  good.test good;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
        FORWARD
    }
}

EOF_CONF

$t->write_file_expand('nginx.conf', $conf =~ s/FORWARD//r);

$t->upstream(8081, sub { { a => '192.0.2.1' } });

$t->run();

my $http = $t->port(8080);

sub body { http($http, $_[0])->{body} }

# those in use

my $r = http($http, '/ready');

is($r->{status}, 200, 'ready');
is($r->{body}, "ready\n", 'the body is a line');
like($r->{headers}{'content-type'}, qr!^text/plain!, 'text');
is(http($http, '/ready', method => 'HEAD')->{status}, 200, 'HEAD');
is(http($http, '/ready', method => 'POST')->{status}, 405, 'POST');

ok($t->wait_for(sub { body('/dead') =~ /^not/ }), 'a dead one that is named');
is(http($http, '/ready')->{status}, 200, 'and not in use');

# with one that is dead in use

$t->write_file_expand('nginx.conf',
    $conf =~ s/FORWARD/dns_forward dead.test "de\\"ad";/r);
ok($t->reload(), 'reload');

ok($t->wait_for(sub { body('/ready') =~ /^not/ }), 'not ready');

$r = http($http, '/ready');

is($r->{status}, 503, 'status');
is($r->{body}, qq{not ready: upstream "de\\"ad" has no usable server\n},
   'the reason');
is(http($http, '/ready', method => 'HEAD')->{status}, 503, 'HEAD, too');
is(http($http, '/good')->{status}, 200, 'one that is named is');

like($t->read_file('nginx.conf'), qr/de\\"ad/, 'a name with a quote');

# a build

my ($info) = grep { /^nginx_dns_build_info/ } keys %{metrics($http)};

like($info, qr/^nginx_dns_build_info\{version="[\d.]+",nginx="[\d.]+",
               ldns="[\d.]+",features="http[a-z,]*"\}$/x, 'build');

# told to quit, in the middle of a request

my $client = IO::Socket::IP->new(PeerHost => '127.0.0.1', PeerPort => $http);
my $slow = IO::Socket::IP->new(PeerHost => '127.0.0.1', PeerPort => $http);

$slow->print("GET /good HTTP/1.0\r\n");
$client->print("GET /good HTTP/1.0\r\n");

# who has it must have read the first line of it

$t->wait_for(sub { http($http, '/good')->{status} == 200 });
select undef, undef, undef, 0.1;

$t->signal('QUIT');

# those of the reload, and these

$t->wait_for(sub {
    return 4 == (() = $t->error_log() =~ /gracefully shutting down/g);
});

$client->print("\r\n");

my $reply = do { local $/; <$client> };

like($reply // '', qr/^HTTP\S+ 503.*not ready: nginx was told to quit\n$/s,
     'told to quit');

$slow->close();

ok($t->wait_for(sub { !$t->workers('all') }), 'and it quits');
