#!/usr/bin/perl

# Tests for dns_control: what is answered to requests of all kinds.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has(qw/ http /);

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

events {
}

stream {
    dns_cache_zone zone=answers:1m;
    dns_cache_zone zone=other:1m;

    dns_upstream up {
        server  127.0.0.1:%%PORT_8081%%;
        server  127.0.0.1:%%PORT_8082%%;
    }

    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        dns_cache    answers;
        dns_forward  . up;
    }
}

http {
    %%TEST_GLOBALS_HTTP%%

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /dns/ {
            dns_control;
        }

        location /ready {
            dns_status  ready;
        }

        location /metrics {
            dns_status  prometheus;
        }

        location /a/b {
            dns_control;
        }

        location /denied/ {
            dns_control;
            deny  all;
        }
    }
}

EOF_CONF

$t->upstream($_, sub { { a => '192.0.2.1' } }) for 8081, 8082;

$t->run();

my $http = $t->port(8080);
my $port = $t->port(8081);
my $host = "localhost:$http";

sub post { http($http, "/dns/$_[0]", method => 'POST', @_[1 .. $#_]) }

# what there is, and what there is not

my $server = "upstreams/up/127.0.0.1:$port";

for ([ $server . '?state=up', 200, qr/"forced":"up"/ ],
     [ $server . '?state=auto', 200, qr/"forced":null/ ],
     [ "upstreams/up/127.0.0.1%3a$port?state=auto", 200, qr/"forced":null/ ],
     [ "upst%72eams/up/127.0.0.1:$port?state=%61uto", 200, qr/forced/ ],
     [ $server, 400, qr/"\\"state=\\" must be \\"down\\", \\"up\\" or/ ],
     [ $server . '?state=', 400, qr/must be/ ],
     [ $server . '?state=Down', 400, qr/must be/ ],
     [ $server . '?state=down%00', 400, qr/not encoded/ ],
     [ $server . '?state=down&state=up', 400, qr/twice/ ],
     [ $server . '?state=down&x=1', 400, qr/unknown argument/ ],
     [ $server . '?name=a', 400, qr/unknown argument/ ],
     [ $server . '?state', 400, qr/unknown argument/ ],
     [ $server . '?', 400, qr/must be/ ],
     [ $server . '/?state=down', 200, qr/"down"/ ],
     [ $server . '?state=auto', 200, qr/null/ ],
     [ 'upstreams/up/127.0.0.1:9?state=down', 404,
       qr/no such server, but 127.0.0.1:$port, 127.0.0.1:\d+"/ ],
     [ 'upstreams/up/?state=down', 404, qr/no such thing/ ],
     [ "upstreams/no/127.0.0.1:$port?state=down", 404,
       qr/no such upstream, but up"/ ],
     [ "upstreams/%ff\"/a?state=down", 404, qr/no such upstream/ ],
     [ 'caches/answers/purge', 200, qr/^\{"zone":"answers","purged":0\}\n$/ ],
     [ 'caches/other/purge?name=a&below=0', 200, qr/"purged":0/ ],
     [ 'caches/none/purge', 404, qr/no such dns_cache_zone, but answers, other"/ ],
     [ 'caches/answers', 404, qr/no such thing/ ],
     [ 'caches/answers/purge/x', 404, qr/no such thing/ ],
     [ 'caches/answers/purge?below=1', 400, qr/need a \\"name=\\"/ ],
     [ 'caches/answers/purge?type=A', 400, qr/need a \\"name=\\"/ ],
     [ 'caches/answers/purge?name=', 400, qr/must be a domain name/ ],
     [ 'caches/answers/purge?nmae=a.test', 400, qr/unknown argument/ ],
     [ 'caches/answers/purge?name=a..test', 400, qr/must be a domain name/ ],
     [ 'caches/answers/purge?name=' . 'a.' x 200, 400, qr/domain name/ ],
     [ 'caches/answers/purge?name=a&below=2', 400, qr/must be \\"1\\"/ ],
     [ 'caches/answers/purge?name=a&type=B', 400, qr/must be a type/ ],
     (map { [ "caches/answers/purge?name=a&type=$_", 400, qr/must be a type/ ] }
      'TYPE0', 'TYPE65537', 'TYPE-1', 'TYPE1x'),
     [ 'caches/answers/purge?name=a&type=TYPE65', 200, qr/"purged":0/ ],
     [ 'ready?state=up', 400, qr/must be \\"down\\" or \\"auto\\""/ ],
     [ 'ready', 400, qr/must be/ ],
     [ 'ready/x?state=down', 404, qr/no such thing/ ],
     [ '', 404, qr/upstreams\/UPSTREAM\/SERVER\?state=/ ],
     [ '../dns/ready?state=auto', 404, qr/no such thing/ ])
{
    my ($uri, $status, $like) = @$_;

    my $r = post($uri);

    is($r->{status}, $status, $uri);
    like($r->{body}, $like, 'the body');
    is(ref(eval { JSON::PP::decode_json($r->{body}) }), 'HASH', 'JSON');
}

is(http($http, '/a/b/ready?state=auto', method => 'POST')->{status}, 200,
   'a prefix without a slash');
is(http($http, '/%61/b/ready?state=auto', method => 'POST')->{status}, 200,
   'and encoded');
is(http($http, '/denied/ready?state=auto', method => 'POST')->{status}, 403,
   'deny');

# methods

for my $method (qw/ GET HEAD PUT DELETE OPTIONS PATCH /) {
    my $r = http($http, "/dns/$server?state=down", method => $method);

    is($r->{status}, 405, $method);
    is($r->{headers}{allow}, 'POST', 'allow');
}

is(http($http, '/dns/nothing')->{status}, 404, 'GET of nothing');

# a body is not read

is(post('ready?state=auto', header => "Content-Length: 5\r\n", body => 'state')
   ->{status}, 200, 'with a body');

# pages of other sites

for ([ "Origin: http://$host", 200 ],
     [ "Origin: HTTP://LOCALHOST:$http", 200 ],
     [ "Origin: http://localhost", 403 ],
     [ "Origin: http://localhost:1", 403 ],
     [ "Origin: http://evil.test:$http", 403 ],
     [ "Origin: http://$host.evil.test", 403 ],
     [ 'Origin: null', 403 ],
     [ 'Origin:', 403 ],
     [ "Origin: ftp://$host", 403 ],
     [ "Origin: http://$host\r\nOrigin: null", 403 ],
     [ "Sec-Fetch-Site: cross-site", 403 ],
     [ "Sec-Fetch-Site: same-origin\r\nOrigin: http://$host", 200 ],
     [ "Sec-Fetch-Site: none", 200 ])
{
    my ($header, $status) = @$_;

    my $r = post('ready?state=auto', header => "$header\r\n");

    is($r->{status}, $status, $header);
}

is(http($http, '/dns/ready?state=auto', method => 'POST', host => 'desk.test',
        header => "Origin: https://desk.test:443\r\n")->{status}, 200,
   'the port of the scheme');

# ready by hand

my $r = post('ready?state=down');

is($r->{body}, qq({"ready":"down"}\n), 'ready: down');
is(http($http, '/ready')->{status}, 503, 'not ready');
is(http($http, '/ready')->{body}, "not ready: set down by hand\n", 'why');
is(metrics($http)->{nginx_dns_drained}, 1, 'metric');
is(dns_query($t->port(8053), 'a.test', 'A')->{rcode}, 'NOERROR',
   'service goes on');

ok($t->reload(), 'reload');
is(http($http, '/ready')->{status}, 503, 'still not');

post('ready?state=auto');
is(http($http, '/ready')->{status}, 200, 'ready again');
is(metrics($http)->{nginx_dns_drained}, 0, 'metric');
like($t->error_log(),
     qr/\[notice\].*"dns_status ready" was set to "down" by hand, client: /,
     'logged');

$t->plan();
